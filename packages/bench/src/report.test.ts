import { findServerFeatures } from '@memkeep/testkit'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { contestants } from './contestants/index.ts'
import { contestants as misbehaving } from './fixtures/misbehaving.mjs'
import { measure, type Report } from './report.ts'
import type { Plan } from './plan.ts'

const MISBEHAVING = new URL('./fixtures/misbehaving.mjs', import.meta.url).href

const TINY: Omit<Plan, 'contestants'> = {
  sizes: [100],
  concurrency: [4],
  rounds: 2,
  slice: 20,
  patience: 1_000,
  growth: false,
}

beforeAll(() => {
  const worker = fileURLToPath(new URL('../dist/worker.js', import.meta.url))
  if (!existsSync(worker)) throw new Error('A child runs no sources: build the bench first (npm run build).')
})

function failuresOf(report: Report): Record<string, string | undefined> {
  return Object.fromEntries(
    report.workloads.flatMap(({ workload, standings }) =>
      standings.map(({ contestant, failure }) => [`${contestant} ${workload.operation}`, failure?.kind]),
    ),
  )
}

describe('measure', () => {
  it('reports who hangs or answers wrongly, and ranks the others', async () => {
    const report = await measure({ ...TINY, contestants: misbehaving }, () => undefined, MISBEHAVING)
    expect(failuresOf(report)).toMatchObject({
      'honest get': undefined,
      'honest set': undefined,
      'honest getMany': undefined,
      'silent get': 'hangs',
      'silent getMany': undefined,
      'swapping get': 'wrong answers',
      'forgetful set': 'wrong answers',
      'refusing get': 'fails',
      'throwing get': 'fails',
      'dying get': 'fails',
      'stuck get': 'hangs',
      'stuck getMany': undefined,
    })
    const details = report.workloads.flatMap(({ standings }) =>
      standings.flatMap(({ contestant, failure }) => (failure ? [`${contestant}: ${failure.detail}`] : [])),
    )
    expect(details).toContain('refusing: EREFUSED')
    expect(details).toContain('throwing: thrown where nobody catches')
    expect(details).toContain('dying: its process ended with code 3')
    expect(report.sound).toBe(false)
    const [, get] = report.workloads
    expect(get?.standings.filter(({ measured }) => measured).map(({ contestant }) => contestant)).toEqual([
      'honest',
      'forgetful',
    ])
  })

  it('measures the real ones against real servers', async () => {
    const { metaCommands } = await findServerFeatures()
    const names = [
      'ceiling plain',
      'ceiling TLS',
      'Memkeep TLS + SASL + encryption',
      'memjs SASL',
      'memcached plain',
    ]
    const report = await measure(
      { ...TINY, contestants: contestants.filter(({ name }) => names.includes(name)) },
      () => undefined,
    )
    expect(report.sound).toBe(true)
    expect(report.environment.packages).toHaveProperty('memjs')
    expect(report.workloads).toHaveLength(3)
    for (const { standings } of report.workloads) {
      expect(standings).toHaveLength(names.length)
      for (const { contestant, failure, measured, rounds } of standings) {
        if (!metaCommands && contestant.startsWith('ceiling')) {
          expect(failure).toMatchObject({
            kind: 'unavailable',
            detail: expect.stringContaining('1.6.10') as string,
          })
          continue
        }
        expect(rounds).toHaveLength(TINY.rounds)
        expect(measured?.requestsPerSecond.median).toBeGreaterThan(0)
        expect(measured?.p99).toBeGreaterThan(0)
        expect(measured?.cpuPerRequest).toBeGreaterThan(0)
        expect(measured?.peakRss).toBeGreaterThan(1_000_000)
      }
    }
  })
})
