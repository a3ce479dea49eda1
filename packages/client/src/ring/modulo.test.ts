import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from './fixtures/modulo.json' with { type: 'json' }
import { modulo } from './modulo.ts'
import type { RingServer } from './ring.ts'

function serversOf(weights: readonly number[]): RingServer[] {
  return weights.map((weight, index) => ({ host: `10.1.0.${String(index)}`, port: 11211, weight }))
}

describe('modulo', () => {
  const keys = vectors.keys.flatMap(({ prefix, count }) =>
    Array.from({ length: count }, (_, i) => `${prefix}${String(i)}`),
  )

  it.each(vectors.configurations)('agrees with libmemcached: $name', ({ servers, picks }) => {
    const ring = modulo(servers)
    expect(keys.map((key) => ring.pick(key).toString(36)).join('')).toBe(picks)
  })

  it('goes by the order of the servers alone', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(weights, fc.string({ unit: 'binary' }), (weights, key) => {
        const plain = serversOf(weights.map(() => 1)).map((server) => ({ ...server, host: 'other', port: 1 }))
        expect(modulo(serversOf(weights)).pick(key)).toBe(modulo(plain).pick(key))
      }),
    )
  })

  it('walks on to the next server that is up', () => {
    const ring = modulo(serversOf([1, 1, 1, 1, 1]))
    for (const key of keys) {
      const home = ring.pick(key)
      expect(ring.pick(key, (index) => index !== home)).toBe((home + 1) % 5)
      expect(ring.pick(key, (index) => index === (home + 4) % 5)).toBe((home + 4) % 5)
    }
  })

  it('gives each server about as many keys', () => {
    const ring = modulo(serversOf([1, 1, 1, 1, 1]))
    const counts = [0, 0, 0, 0, 0]
    for (let i = 0; i < 20_000; i++) {
      const index = ring.pick(`session:${String(i)}`)
      counts[index] = (counts[index] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(800)
  })
})
