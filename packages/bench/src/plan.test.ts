import { describe, expect, it } from 'vitest'
import { nameWorkload } from 'memkeep/internal/bench'
import { FULL, listWorkloads, QUICK } from './plan.ts'

describe('listWorkloads', () => {
  it('has every operation in every size at every concurrency, but for what would fill the memory', () => {
    const { workloads, leftOut } = listWorkloads({ ...FULL, contestants: [] })
    expect(workloads.length + leftOut.length).toBe(4 * 3 * 3)
    expect(leftOut.map(nameWorkload)).toEqual([
      'getMany of 100, 10 kB, 256 at once',
      'getMany of 100, 100 kB, 32 at once',
      'getMany of 100, 100 kB, 256 at once',
    ])
  })

  it('is short when quick', () => {
    const { workloads } = listWorkloads({ ...QUICK, contestants: [] })
    expect(workloads.map(nameWorkload)).toContain('get, 100 B, 256 at once')
    expect(workloads).toHaveLength(10)
  })
})
