import { describe, expect, it } from 'vitest'
import { MADE_UP } from '../fixtures/report.ts'
import { QUICK } from '../plan.ts'
import { measureEncryption, type EncryptionReport } from './encryption.ts'
import { measureSealing, type SealingStanding } from './sealing.ts'
import { renderEncryption } from './table.ts'
import { judge } from './targets.ts'
import { BARE, WAYS } from './ways.ts'

const PLAN = { ...QUICK, rounds: 1, slice: 1 }

describe('measureSealing', () => {
  it('measures every way, and puts each beside the same rounds of the yardstick', () => {
    const standings = measureSealing({ rounds: 3, slice: 1 }, () => undefined, [100])
    expect(standings.map(({ way, operation }) => `${way} ${operation}`)).toEqual(
      WAYS.flatMap(({ name }) => [`${name} seal`, `${name} open`]),
    )
    for (const { way, size, microseconds, ofBare } of standings) {
      expect(size).toBe(100)
      expect(microseconds.median).toBeGreaterThan(0)
      if (way === BARE.name) expect(ofBare).toBe(1)
      else expect(ofBare).toBeGreaterThan(0)
    }
  })
})

describe('measureEncryption', () => {
  it('measures end to end as well, beside the other clients without layers', async () => {
    const { endToEnd, targets, sound } = await measureEncryption(PLAN, () => undefined, [100])
    expect(sound).toBe(true)
    expect(endToEnd.map(({ workload }) => workload)).toMatchObject([
      { operation: 'set', size: 100, concurrency: 256 },
      { operation: 'get', size: 100, concurrency: 256 },
    ])
    for (const { standings } of endToEnd) {
      const measured = standings.flatMap(({ contestant, measured: figures }) => (figures ? [contestant] : []))
      expect(measured).toEqual(
        expect.arrayContaining([
          'Memkeep TLS + SASL + encryption',
          'Memkeep TLS + SASL + encryption xchacha20-poly1305',
          'memjs plain',
        ]),
      )
    }
    expect(targets).toHaveLength(8)
    for (const { ratio } of targets) expect(ratio).toBeGreaterThan(0)
  })
})

const standing = (
  way: string,
  operation: 'seal' | 'open',
  median: number,
  ofBare: number,
): SealingStanding => ({
  way,
  size: 100,
  operation,
  microseconds: { median, lower: median, upper: median, min: median, max: median },
  ofBare,
})

const SEALING = [
  standing(BARE.name, 'seal', 4, 1),
  standing(BARE.name, 'open', 3, 1),
  standing('Memkeep aes-256-gcm', 'seal', 4.4, 1.1),
  standing('Memkeep aes-256-gcm', 'open', 6, 2),
  standing('Memkeep xchacha20-poly1305', 'seal', 1, 0.25),
  standing('Memkeep xchacha20-poly1305', 'open', 2, 2 / 3),
]

describe('judge', () => {
  it('measures by the yardstick of sealing, and says of each target whether it was kept', () => {
    expect(judge(SEALING, []).map(({ ratio, kept }) => [ratio, kept])).toEqual([
      [1.1, true],
      [4, true],
      [1.5, false],
      [2, false],
    ])
  })

  it('keeps nothing that was not measured', () => {
    expect(judge([], []).map(({ ratio, kept }) => [ratio, kept])).toEqual(Array(4).fill([undefined, false]))
  })
})

describe('renderEncryption', () => {
  it('shows times, ratios and targets, and fits a terminal of 120 columns', () => {
    const report: EncryptionReport = {
      environment: MADE_UP.environment,
      settings: MADE_UP.settings,
      sealing: SEALING,
      endToEnd: MADE_UP.workloads,
      targets: judge(SEALING, []),
      sound: true,
    }
    const text = renderEncryption(report, false)
    expect(text).toMatch(/^100 B +seal µs +× +open µs +×$/m)
    expect(text).toMatch(/^Memkeep aes-256-gcm +4\.40 +±0% +1\.10 +6\.00 +±0% +2\.00$/m)
    expect(text).toMatch(/: 1\.10 \(at most 1\.25\) kept$/m)
    expect(text).toMatch(/: 2\.00 \(at least 3\) not kept$/m)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })
})
