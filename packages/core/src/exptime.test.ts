import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endOfExptime, toExptime } from './exptime.ts'

const DAY = 86_400
const NOW = 1_800_000_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1000 + 999 })
})
afterEach(() => {
  vi.useRealTimers()
})

test('seconds from now are sent as memcached reads them, also beyond 30 days', () => {
  for (const seconds of [-1, 0, 1, 30 * DAY]) expect(toExptime('ttl', seconds)).toBe(seconds)
  expect(toExptime('ttl', 30 * DAY + 1)).toBe(NOW + 30 * DAY + 1)
  expect(toExptime('ttl', 365 * DAY)).toBe(NOW + 365 * DAY)
})

test('a Unix time is sent as it is', () => {
  for (const time of [NOW - 30 * DAY, NOW - 1, NOW + 60, 2 ** 31 - 1])
    expect(toExptime('ttl', time)).toBe(time)
})

test('what 32 bits do not hold, and what is long past, is refused', () => {
  for (const seconds of [2 ** 31, NOW * 1000, 2 ** 31 - NOW, NOW - 31 * DAY, 50 * 365 * DAY]) {
    expect(() => toExptime('ttl', seconds)).toThrow(/^ttl must be .*no milliseconds/)
  }
  expect(toExptime('ttl', 2 ** 31 - 1 - NOW)).toBe(2 ** 31 - 1)
})

test('an item ends at its Unix time, in so many seconds, or never', () => {
  expect(endOfExptime(0)).toBeUndefined()
  expect(endOfExptime(60)).toBe(NOW * 1000 + 999 + 60_000)
  expect(endOfExptime(NOW + 31 * DAY)).toBe((NOW + 31 * DAY) * 1000)
})
