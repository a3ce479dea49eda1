import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeNumber, writeString } from './ascii.ts'

function written(write: (out: Buffer, at: number) => number): string {
  const out = Buffer.alloc(1_000, '#')
  const end = write(out, 3)
  expect(out.toString('latin1', 0, 3)).toBe('###')
  expect(out.toString('latin1', end)).toBe('#'.repeat(1_000 - end))
  return out.toString('utf8', 3, end)
}

describe('what is written without a native call', () => {
  it('is every number of 32 bits in its digits', () => {
    const number = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: 0, max: 9 }).chain((digits) => fc.constantFrom(10 ** digits, 10 ** digits - 1)),
      fc.constant(2 ** 32 - 1),
    )
    fc.assert(
      fc.property(number, (each) => {
        expect(written((out, at) => writeNumber(each, out, at))).toBe(String(each))
      }),
      { numRuns: 2_000 },
    )
    for (let each = 0; each < 2_000; each++) {
      expect(written((out, at) => writeNumber(each, out, at))).toBe(String(each))
    }
  })

  it('is every string as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (each) => {
        expect(written((out, at) => writeString(each, out, at))).toBe(each)
      }),
    )
  })
})
