import { describe, expect, it } from 'vitest'
import { contestants, COUNTERPARTS } from '../contestants/adapters.ts'
import { QUICK } from '../plan.ts'
import { rank } from '../ranking.ts'
import type { WorkloadReport } from '../report.ts'
import type { Outcome } from '../rounds.ts'
import { judge, measureAdapters, renderAdapters } from './adapters.ts'

describe('measureAdapters', () => {
  it('measures every adapter of ours beside what it takes the place of', async () => {
    const plan = { ...QUICK, rounds: 1, slice: 20 }
    const report = await measureAdapters(plan, () => undefined, { sizes: [100], concurrency: [32] })
    expect(report.sound).toBe(true)
    expect(report.workloads.map(({ workload }) => workload.operation)).toEqual(['set', 'get', 'getMany'])
    for (const { standings } of report.workloads) {
      for (const [own, other] of COUNTERPARTS) {
        for (const name of [own, other]) {
          const rate = standings.find(({ contestant }) => contestant === name)?.measured?.requestsPerSecond
          expect(rate?.median).toBeGreaterThan(0)
        }
      }
    }
    expect(report.targets.map(({ bound }) => bound)).toEqual([{ least: 1.5 }, { least: 1.5 }, { least: 5 }])
    for (const { ratio } of report.targets) expect(ratio).toBeGreaterThan(0)
    const text = renderAdapters(report, false)
    for (const { name } of contestants) expect(text).toContain(name)
  })
})

describe('judge', () => {
  const workload = { operation: 'set', size: 100, concurrency: 32, keys: 1 } as const
  const standing = (contestant: string, requestsPerSecond: number): Outcome => ({
    contestant,
    rounds: [{ requestsPerSecond, p50: 1, p99: 2, cpuPerRequest: 3, peakRss: 4 }],
  })
  const report = (ours: number, theirs: number): WorkloadReport => ({
    workload,
    standings: rank(
      [standing('Keyv over Memkeep', ours), standing('Keyv over @keyv/memcache', theirs)],
      contestants,
    ),
  })

  it.each([
    ['keeps to a ratio that is reached', 150, 100, { ratio: 1.5, kept: true }],
    ['tells one that is not', 149, 100, { ratio: 1.49, kept: false }],
  ])('%s', (_, ours, theirs, expected) => {
    expect(judge([report(ours, theirs)])).toMatchObject([expected])
  })

  it('keeps nothing of what was not measured', () => {
    expect(judge([{ workload, standings: [] }])).toMatchObject([{ ratio: undefined, kept: false }])
  })

  it('goes by 100 B, 32 at once', () => {
    expect(judge([{ ...report(150, 100), workload: { ...workload, concurrency: 256 } }])).toEqual([])
  })
})
