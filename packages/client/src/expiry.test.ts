import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toExpiresAt, toExptime } from './expiry.ts'

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

  it('holds up to the last second that fits into 31 bits, and no second more', () => {
    const left = 2 ** 31 - 1 - now / 1000
    expect(toExptime({ ttl: left }, 0, now)).toBe(2 ** 31 - 1)
    expect(toExptime({ expiresAt: new Date((2 ** 31 - 1) * 1000) }, 0, now)).toBe(2 ** 31 - 1)
    expect(() => toExptime({ ttl: left + 1 }, 0, now)).toThrow(/2038/)
    expect(() => toExptime({ expiresAt: new Date(2 ** 31 * 1000) }, 0, now)).toThrow(RangeError)
    expect(() => toExptime({ expiresAt: new Date(8.64e15) }, 0, now)).toThrow(RangeError)
  })

  it('of a client holds for calls that say nothing, and is measured as theirs', () => {
    expect(toExptime({ ttl: undefined, expiresAt: undefined }, 60, now)).toBe(60)
    expect(toExptime({ ttl: 0 }, 60, now)).toBe(0)
    expect(() => toExptime({}, -1, now)).toThrow(RangeError)
  })

  it('is counted from the clock unless a time is given', () => {
    const before = Math.floor(Date.now() / 1000)
    const exptime = toExptime({ ttl: DAYS_30 + 1 }, 0)
    expect(exptime - DAYS_30 - 1).toBeGreaterThanOrEqual(before)
    expect(exptime - DAYS_30 - 1).toBeLessThanOrEqual(Math.floor(Date.now() / 1000))
    expect(toExptime({ expiresAt: new Date(Date.now() - 1) }, 0)).toBe(
      toExptime({ expiresAt: new Date(0) }, 0),
    )
  })

  it('in the past fits into the 32 bits of every protocol, and is neither never nor a sign', () => {
    const exptime = toExptime({ expiresAt: new Date(now - 1) }, 0, now)
    const out = Buffer.alloc(4)
    out.writeUInt32BE(exptime)
    expect(out.readInt32BE()).toBe(exptime)
    expect(String(exptime)).toMatch(/^[1-9]\d*$/)
  })

  it.each([999, 0, -1, -1e12])(
    'at a time %i ms away is one long past, which memcached takes for absolute',
    (distance) => {
      const exptime = toExptime({ expiresAt: new Date(now + distance) }, 0, now)
      expect(exptime).toBeGreaterThan(DAYS_30)
      expect(exptime).toBeLessThan(now / 1000)
    },
  )

  it.each([-1, -0.5, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53])('of %d seconds is refused', (ttl) => {
    expect(() => toExptime({ ttl }, 0, now)).toThrow(RangeError)
  })

  it('that is said twice, or is no time, is refused', () => {
    expect(() => toExptime({ ttl: 1, expiresAt: new Date() }, 0)).toThrow(TypeError)
    expect(() => toExptime({ expiresAt: new Date(NaN) }, 0)).toThrow(TypeError)
    expect(() => toExptime({ expiresAt: now as never }, 0)).toThrow(TypeError)
    expect(() => toExptime({ expiresAt: new Date(Date.UTC(2040, 0, 1)) }, 0)).toThrow(/2038/)
  })
})

describe('the moment when an item ends', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is told in Unix milliseconds, and not at all for what never ends', () => {
    expect(toExpiresAt({ ttl: 60 }, 5)).toBe(now + 60_000)
    expect(toExpiresAt({}, 5)).toBe(now + 5_000)
    expect(toExpiresAt({ expiresAt: new Date(now + 1_234) }, 5)).toBe(now + 1_234)
    expect(toExpiresAt({ ttl: 0 }, 5)).toBeUndefined()
    expect(toExpiresAt({}, 0)).toBeUndefined()
  })
})
