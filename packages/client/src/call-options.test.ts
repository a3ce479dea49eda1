import { describe, expect, it } from 'vitest'
import { readTimeout, readUint32, readUint64, untilDeadline } from './call-options.ts'

describe('options of a call', () => {
  it('take a timeout that a timer takes', () => {
    expect(readTimeout(1)).toBe(1)
    expect(readTimeout(2 ** 31 - 1)).toBe(2 ** 31 - 1)
    for (const timeout of [0, -1, NaN, Infinity, 2 ** 31])
      expect(() => readTimeout(timeout)).toThrow(RangeError)
  })

  it('take 32 bits for flags', () => {
    expect(readUint32('flags', 2 ** 32 - 1)).toBe(2 ** 32 - 1)
    expect(readUint32('flags', 0)).toBe(0)
    expect(() => readUint32('flags', '5' as never)).toThrow(RangeError)
    for (const flags of [-1, 0.5, NaN, Infinity, 2 ** 32])
      expect(() => readUint32('flags', flags)).toThrow(/flags/)
  })

  it('take 64 bits for counts, and no number that lost some', () => {
    expect(readUint64('by', 5)).toBe(5n)
    expect(readUint64('by', 2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
    expect(readUint64('by', 0)).toBe(0n)
    expect(readUint64('by', Number.MAX_SAFE_INTEGER)).toBe(2n ** 53n - 1n)
    expect(() => readUint64('by', -1)).toThrow(/^by .*-1/)
    for (const by of [-1, 0.5, Infinity, NaN, 2 ** 53, -1n, 2n ** 64n])
      expect(() => readUint64('by', by)).toThrow(RangeError)
    expect(() => readUint64('by', '5' as never)).toThrow(RangeError)
  })
  it('leave what is asked next in a call the rest of its time, and all else as it is', () => {
    const { signal } = new AbortController()
    const options = { signal, timeout: 50, ttl: 9 }
    expect(untilDeadline(options, 1_000, 300)).toEqual({ signal, ttl: 9, timeout: 700 })
    expect(options.timeout).toBe(50)
    expect(untilDeadline(undefined, Infinity, 0)).toEqual({ timeout: Infinity })
  })

  it('leave a timeout that a timer takes when the time is over', () => {
    const { timeout = NaN } = untilDeadline({ timeout: 50 }, 90, 100)
    expect(readTimeout(timeout)).toBe(1)
  })
})
