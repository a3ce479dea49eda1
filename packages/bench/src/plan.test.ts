import { describe, expect, it } from 'vitest'
import { listWorkloads, nameWorkload } from 'memkeep/internal/bench'
import { FULL, QUICK } from './plan.ts'

describe('the plans', () => {
  it('have every operation in every size at every concurrency, but for what would fill the memory', () => {
    const { workloads, leftOut } = listWorkloads(FULL)
    expect(workloads.length + leftOut.length).toBe(4 * 3 * 3)
    expect(leftOut.map(nameWorkload)).toEqual([
      'getMany of 100, 10 kB, 256 at once',
      'getMany of 100, 100 kB, 32 at once',
      'getMany of 100, 100 kB, 256 at once',
    ])
  })

  it('are short when quick', () => {
    const { workloads } = listWorkloads(QUICK)
    expect(workloads.map(nameWorkload)).toContain('get, 100 B, 256 at once')
    expect(workloads).toHaveLength(10)
  })
})
