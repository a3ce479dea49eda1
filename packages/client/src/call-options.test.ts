import { describe, expect, it } from 'vitest'
import { readTimeout, readUint32, readUint64 } from './call-options.ts'

describe('options of a call', () => {
  it('take a timeout that a timer takes', () => {
    expect(readTimeout(1)).toBe(1)
    expect(readTimeout(2 ** 31 - 1)).toBe(2 ** 31 - 1)
    for (const timeout of [0, -1, NaN, Infinity, 2 ** 31])
      expect(() => readTimeout(timeout)).toThrow(RangeError)
  })

  it('take 32 bits for flags', () => {
    expect(readUint32('flags', 2 ** 32 - 1)).toBe(2 ** 32 - 1)
    for (const flags of [-1, 0.5, NaN, 2 ** 32]) expect(() => readUint32('flags', flags)).toThrow(/flags/)
  })

  it('take 64 bits for counts, and no number that lost some', () => {
    expect(readUint64('by', 5)).toBe(5n)
    expect(readUint64('by', 2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
    for (const by of [-1, 0.5, NaN, 2 ** 53, -1n, 2n ** 64n])
      expect(() => readUint64('by', by)).toThrow(RangeError)
    expect(() => readUint64('by', '5' as never)).toThrow(RangeError)
  })
})
