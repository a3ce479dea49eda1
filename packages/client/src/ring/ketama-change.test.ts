import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ketama } from './ketama.ts'
import { md5 } from './md5.ts'
import type { RingServer } from './ring.ts'

vi.mock(import('./md5.ts'), async (original) => {
  const real = await original()
  return { ...real, md5: vi.fn(real.md5) }
})

/** Hashes of a server, as libmemcached computes them: four points each. */
const HASHES = 40
const keys = Array.from({ length: 200 }, (_, i) => `session:${String(i)}`)

const named = (...hosts: readonly string[]): RingServer[] =>
  hosts.map((host) => ({ host, port: 11211, weight: 1 }))
const numbered = (count: number): RingServer[] =>
  named(...Array.from({ length: count }, (_, index) => `n${String(index)}`))

describe('a ring that changes', () => {
  beforeEach(() => {
    vi.mocked(md5).mockClear()
  })

  it('is as one that was made at once, whatever comes, goes, moves or gets another weight', () => {
    const server = fc.record({
      host: fc.integer({ min: 0, max: 12 }).map((n) => `n${String(n)}`),
      port: fc.constant(11211),
      weight: fc.integer({ min: 1, max: 3 }),
    })
    const servers = fc.array(server, { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(servers, { minLength: 2, maxLength: 5 }), (changes) => {
        let ring = ketama([])
        for (const servers of changes) {
          ring = ring.change(servers)
          const made = ketama(servers)
          const isUp = (index: number): boolean => index % 3 === 1
          for (const key of keys) {
            expect(ring.pick(key)).toBe(made.pick(key))
            expect(ring.pick(key, isUp)).toBe(made.pick(key, isUp))
          }
        }
      }),
      { numRuns: 50 },
    )
  })

  it('computes the hashes that libmemcached computes, and for a change those of new servers only', () => {
    const ring = ketama(numbered(20))
    expect(vi.mocked(md5)).toHaveBeenCalledTimes(20 * HASHES)
    vi.mocked(md5).mockClear()
    const larger = ring.change(numbered(21))
    expect(vi.mocked(md5)).toHaveBeenCalledTimes(HASHES)
    vi.mocked(md5).mockClear()
    larger.change(numbered(20).reverse())
    expect(vi.mocked(md5)).not.toHaveBeenCalled()
    // libmemcached's rounding leaves 25 servers 39 hashes each: one of every other server goes
    ring.change(numbered(25))
    expect(vi.mocked(md5)).toHaveBeenCalledTimes(5 * (HASHES - 1) + 20)
  })
})
