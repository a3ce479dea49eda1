import { getFips, setFips } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import vectors from './fixtures/ketama.json' with { type: 'json' }
import { ketama } from './ketama.ts'
import type { RingServer } from './ring.ts'

const many = Array.from({ length: 20_000 }, (_, i) => `session:${String(i)}`)

function serversOf(weights: readonly number[]): RingServer[] {
  return weights.map((weight, index) => ({ host: `10.1.0.${String(index)}`, port: 11211, weight }))
}

// First: OpenSSL keeps an MD5 that it has found once, also into FIPS mode.
describe('in FIPS mode', () => {
  afterEach(() => {
    setFips(false)
  })

  it('says what to use instead, and leaves one server alone', () => {
    setFips(true)
    expect(getFips()).toBe(1)
    expect(() => ketama(serversOf([1, 1]))).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION',
        message: expect.stringContaining('use modulo') as string,
      }),
    )
    expect(ketama(serversOf([1])).pick('key')).toBe(0)
  })
})

describe('ketama', () => {
  const keys = vectors.keys.flatMap(({ prefix, count }) =>
    Array.from({ length: count }, (_, i) => `${prefix}${String(i)}`),
  )

  it.each(vectors.configurations)('agrees with libmemcached: $name', ({ servers, picks }) => {
    const ring = ketama(servers)
    expect(keys.map((key) => ring.pick(key).toString(36)).join('')).toBe(picks)
  })

  it('moves only the keys of a server that is taken away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), (count, seed) => {
        const gone = seed % count
        const all = serversOf(Array.from({ length: count }, () => 1))
        const rest = all.filter((_, index) => index !== gone)
        const [before, after] = [ketama(all), ketama(rest)]
        for (const key of many.slice(0, 300)) {
          const server = all[before.pick(key)]
          const heir = rest[after.pick(key)]
          if (server !== all[gone]) expect(heir).toBe(server)
          // a server that is down and one that is gone leave their keys to the same heirs
          expect(all[before.pick(key, (index) => index !== gone)]).toBe(heir)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('gives each server its share by weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 8 }), (weights) => {
        const ring = ketama(serversOf(weights))
        const counts = weights.map(() => 0)
        for (const key of many) counts[ring.pick(key)] = (counts[ring.pick(key)] ?? 0) + 1
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (const [index, weight] of weights.entries()) {
          const share = (counts[index] ?? 0) / many.length / (weight / total)
          expect(share).toBeGreaterThan(0.5)
          expect(share).toBeLessThan(1.6)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('gives the lower index every point that two servers share', () => {
    const twice = ketama([...serversOf([1]), ...serversOf([1])])
    expect(new Set(many.map((key) => twice.pick(key)))).toEqual(new Set([0]))
    expect(twice.pick('key', (index) => index === 1)).toBe(1)
  })

  it('takes a server without a point only when no other is up', () => {
    const ring = ketama(serversOf([100, 1]))
    expect(new Set(many.map((key) => ring.pick(key)))).toEqual(new Set([0]))
    expect(ring.pick('key', (index) => index === 1)).toBe(1)
  })
})
