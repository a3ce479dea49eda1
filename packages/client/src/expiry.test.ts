import { describe, expect, it } from 'vitest'
import { toExptime } from './expiry.ts'

const now = Date.UTC(2026, 0, 1)
const DAYS_30 = 2_592_000

describe('an expiry', () => {
  it.each([
    [0, 0],
    [1, 1],
    [DAYS_30, DAYS_30],
    [DAYS_30 + 1, now / 1000 + DAYS_30 + 1],
  ])('of %i seconds is sent as %i', (ttl, exptime) => {
    expect(toExptime({ ttl }, 0, now)).toBe(exptime)
    expect(toExptime({}, ttl, now)).toBe(exptime)
    expect(toExptime({ ttl }, 7, now)).toBe(exptime)
  })

  it.each([
    [2_500, 2],
    [DAYS_30 * 1000 + 999, DAYS_30],
    [(DAYS_30 + 1) * 1000, now / 1000 + DAYS_30 + 1],
  ])('at a time %i ms away is sent as %i', (distance, exptime) => {
    expect(toExptime({ expiresAt: new Date(now + distance) }, 7, now)).toBe(exptime)
  })

  it.each([999, 0, -1, -1e12])(
    'at a time %i ms away is one long past, which memcached takes for absolute',
    (distance) => {
      const exptime = toExptime({ expiresAt: new Date(now + distance) }, 0, now)
      expect(exptime).toBeGreaterThan(DAYS_30)
      expect(exptime).toBeLessThan(now / 1000)
    },
  )

  it.each([-1, 0.5, NaN, Infinity, 2 ** 31])('of %d seconds is refused', (ttl) => {
    expect(() => toExptime({ ttl }, 0, now)).toThrow(RangeError)
  })

  it('that is said twice, or is no time, is refused', () => {
    expect(() => toExptime({ ttl: 1, expiresAt: new Date() }, 0)).toThrow(TypeError)
    expect(() => toExptime({ expiresAt: new Date(NaN) }, 0)).toThrow(TypeError)
    expect(() => toExptime({ expiresAt: now as never }, 0)).toThrow(TypeError)
    expect(() => toExptime({ expiresAt: new Date(Date.UTC(2040, 0, 1)) }, 0)).toThrow(/2038/)
  })
})
