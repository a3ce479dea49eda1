import { describe, expect, it } from 'vitest'
import { compare } from './measurement.ts'
import type { SliceFigures } from './slice.ts'
import type { Workload } from './workload.ts'

const MANY: Workload = { operation: 'getMany', size: 1_000, concurrency: 1, keys: 100 }

const round = (requestsPerSecond: number): SliceFigures => ({
  requestsPerSecond,
  p50: requestsPerSecond * 2,
  p99: requestsPerSecond * 3,
  cpuPerRequest: 4,
  peakRss: 5,
})

describe('compare', () => {
  it('takes the medians of the rounds', () => {
    expect(compare(MANY, new Map([['plain', [round(10), round(1_000), round(30)]]]))).toEqual({
      workload: MANY,
      plain: {
        requestsPerSecond: 30,
        spread: (1_000 - 10) / 2 / 30,
        megabytesPerSecond: 3,
        p50: 60,
        p99: 90,
        cpuPerRequest: 4,
      },
    })
  })

  it('compares what was measured in the same round', () => {
    const rounds = new Map([
      ['plain', [round(10), round(1_000), round(100)]],
      ['encrypted', [round(5), round(600), round(70)]],
    ] as const)
    expect(compare(MANY, rounds).encrypted).toMatchObject({ ofPlain: 0.6, requestsPerSecond: 70 })
  })
})
