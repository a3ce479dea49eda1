import { describe, expect, it } from 'vitest'
import type { Contestant, Layers } from './contestants/contestant.ts'
import { PLAIN } from './contestants/contestant.ts'
import type { Failure } from './messages.ts'
import { rank, type Standing } from './ranking.ts'
import type { Outcome } from './rounds.ts'

const TLS: Layers = { ...PLAIN, tls: true }

function contestant(name: string, kind: Contestant['kind'], layers: Layers = PLAIN): Contestant {
  return { name, kind, layers, form: 'buffer', open: () => Promise.reject(new Error('not here')) }
}

function outcome(name: string, rates: readonly number[], failure?: Failure): Outcome {
  const figures = { p50: 10, p99: 20, cpuPerRequest: 5, peakRss: 1_000 }
  return {
    contestant: name,
    rounds: rates.map((requestsPerSecond) => ({ requestsPerSecond, ...figures })),
    ...(failure && { failure }),
  }
}

const CONTESTANTS = [
  contestant('ceiling', 'ceiling'),
  contestant('ours', 'memkeep'),
  contestant('slow', 'peer'),
  contestant('fast', 'peer'),
  contestant('secure', 'peer', TLS),
  contestant('ours TLS', 'memkeep', TLS),
]

function find(standings: readonly Standing[], name: string): Standing | undefined {
  return standings.find((standing) => standing.contestant === name)
}

describe('rank', () => {
  it('compares medians with the ceiling and the best peer of the same layers', () => {
    const standings = rank(
      [
        outcome('ceiling', [1_000, 900, 1_100]),
        outcome('ours', [500, 700, 600]),
        outcome('slow', [100]),
        outcome('fast', [300]),
        outcome('secure', [50]),
        outcome('ours TLS', [100]),
      ],
      CONTESTANTS,
    )
    expect(find(standings, 'ours')?.measured).toMatchObject({
      requestsPerSecond: { median: 600, min: 500, max: 700 },
      ofCeiling: 0.6,
      ofBestPeer: 2,
    })
    expect(find(standings, 'slow')?.measured?.ofBestPeer).toBeCloseTo(1 / 3)
    expect(find(standings, 'ours TLS')?.measured).toMatchObject({ ofBestPeer: 2 })
    expect(find(standings, 'ours TLS')?.measured).not.toHaveProperty('ofCeiling')
    expect(find(standings, 'ceiling')?.measured).not.toHaveProperty('ofBestPeer')
  })

  it('says whether the rounds lie apart from those of the best peer', () => {
    const apart = (rates: readonly number[]): boolean | undefined => {
      const standings = rank([outcome('ours', rates), outcome('fast', [300, 200, 400])], CONTESTANTS)
      return find(standings, 'ours')?.measured?.apart
    }
    expect(apart([500, 401, 600])).toBe(true)
    expect(apart([100, 199, 50])).toBe(true)
    expect(apart([500, 399, 600])).toBe(false)
    expect(apart([900, 100, 150])).toBe(false)
    expect(apart([500, 600, 700, 800, 1])).toBe(true)
  })

  it.each(['hangs', 'wrong answers', 'fails', 'unavailable'] as const)(
    'neither ranks who %s, nor compares with it, however fast it was until then',
    (kind) => {
      const standings = rank(
        [outcome('ours', [600]), outcome('slow', [100]), outcome('fast', [9_999], { kind, detail: 'seen' })],
        CONTESTANTS,
      )
      expect(find(standings, 'fast')).not.toHaveProperty('measured')
      expect(find(standings, 'fast')?.failure).toEqual({ kind, detail: 'seen' })
      expect(find(standings, 'ours')?.measured?.ofBestPeer).toBe(6)
    },
  )
})
