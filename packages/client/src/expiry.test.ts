import { describe, expect, it } from 'vitest'
import { toExptime } from './exptime.ts'

describe('toExptime', () => {
  const now = Date.UTC(2026, 0, 1)
  it.each([
    [undefined, 0],
    [0, 0],
    [1, 1],
    [2_592_000, 2_592_000],
    [2_592_001, now / 1000 + 2_592_001],
  ])('turns %s into %s', (ttl, exptime) => {
    expect(toExptime(ttl, now)).toBe(exptime)
  })

  it.each([-1, 0.5, NaN, Infinity, 2 ** 31])('refuses %s', (ttl) => {
    expect(() => toExptime(ttl, now)).toThrow(RangeError)
  })
})
