import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readInt32, readUint32, readUint64 } from './c-numbers.ts'

describe('numbers as C reads them', () => {
  it.each<[string, bigint | undefined, number | undefined, number | undefined]>([
    ['0', 0n, 0, 0],
    ['007', 7n, 7, 7],
    ['+5', 5n, 5, 5],
    ['-0', 0n, 0, 0],
    ['-1', undefined, undefined, -1],
    ['\t\n\v\f\r 5', 5n, 5, 5],
    ['5\r', 5n, 5, 5],
    ['5\tx', 5n, 5, 5],
    ['5\u00a0', undefined, undefined, undefined],
    ['5x', undefined, undefined, undefined],
    ['0x10', undefined, undefined, undefined],
    ['1e3', undefined, undefined, undefined],
    ['1.5', undefined, undefined, undefined],
    ['', undefined, undefined, undefined],
    ['+', undefined, undefined, undefined],
    ['--1', undefined, undefined, undefined],
    ['x', undefined, undefined, undefined],
    ['2147483648', 2_147_483_648n, 2_147_483_648, -2_147_483_648],
    ['4294967297', 4_294_967_297n, 1, 1],
    ['9223372036854775807', 9_223_372_036_854_775_807n, 4_294_967_295, -1],
    ['9223372036854775808', 9_223_372_036_854_775_808n, 0, undefined],
    ['18446744073709551615', 18_446_744_073_709_551_615n, 4_294_967_295, undefined],
    ['18446744073709551615\t-', undefined, undefined, undefined],
    ['18446744073709551616', undefined, undefined, undefined],
    ['-9223372036854775808', undefined, undefined, 0],
    ['-9223372036854775809', 9_223_372_036_854_775_807n, 4_294_967_295, undefined],
    ['-18446744073709551615', 1n, 1, undefined],
    ['9'.repeat(1_000), undefined, undefined, undefined],
  ])('%j', (token, uint64, uint32, int32) => {
    expect([readUint64(token), readUint32(token), readInt32(token)]).toEqual([uint64, uint32, int32])
  })

  it('every number of its bits is read as it is written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer(), (uint64, int32) => {
        expect(readUint64(String(uint64))).toBe(uint64)
        expect(readUint32(String(int32 >>> 0))).toBe(int32 >>> 0)
        expect(readInt32(String(int32))).toBe(int32)
      }),
    )
  })
})
