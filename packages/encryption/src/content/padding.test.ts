import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pad, readPadding, unpad, type Padding } from './padding.ts'

const REFUSED = expect.objectContaining({ code: 'ERR_MEMKEEP_ENVELOPE_CONTENT' }) as Error

describe('pad and unpad', () => {
  test('give back every content, also one that ends with what padding is made of', () => {
    const tail = fc.constantFrom([], [0x80], [0], [0x80, 0, 0], [0, 0, 0x80])
    const padding = fc.constantFrom<Padding>('padme', [16], [64, 1024], [1])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), tail, padding, (head, end, how) => {
        const content = Buffer.from([...head, ...end])
        expect(unpad(pad(content, how))).toEqual(content)
      }),
    )
  })

  test('Padmé rounds up by at most 12 %, to a few lengths of each order', () => {
    // from the paper: a length of 9 bits keeps its upper 5
    expect(pad(Buffer.alloc(299), 'padme')).toHaveLength(304)
    expect(pad(Buffer.alloc(7), 'padme')).toHaveLength(8)
    expect(pad(Buffer.alloc(8), 'padme')).toHaveLength(10)
    expect(pad(Buffer.alloc(0), 'padme')).toHaveLength(1)
    const lengths = new Set<number>()
    for (let length = 0; length < 16_384; length++) {
      const padded = pad(Buffer.alloc(length), 'padme').length
      expect(padded).toBeGreaterThan(length)
      expect(padded).toBeLessThanOrEqual(Math.ceil((length + 1) * 1.12))
      lengths.add(padded)
    }
    expect(lengths.size).toBeLessThan(150)
  })

  test('buckets take the smallest that holds content and mark, or multiples of the last', () => {
    for (const [length, padded] of [
      [0, 16],
      [15, 16],
      [16, 100],
      [99, 100],
      [100, 200],
      [199, 200],
      [200, 300],
    ] as const) {
      expect(pad(Buffer.alloc(length), [16, 100])).toHaveLength(padded)
    }
  })

  test('padding without its mark is refused', () => {
    for (const bytes of [[], [0], [0, 0, 0], [1], [0x80, 1], [0x80, 0x40, 0]]) {
      expect(() => unpad(Buffer.from(bytes))).toThrow(REFUSED)
    }
  })
})

test('what is no padding is refused', () => {
  expect(readPadding(undefined)).toBeUndefined()
  expect(readPadding('padme')).toBe('padme')
  expect(readPadding([16, 100])).toEqual([16, 100])
  for (const wrong of [null, true, 16, 'buckets', [], {}]) expect(() => readPadding(wrong)).toThrow(TypeError)
  for (const wrong of [[0], [-1], [1.5], ['16'], [16, 16], [100, 16], [Infinity]]) {
    expect(() => readPadding(wrong)).toThrow(RangeError)
  }
})

test('a list that is changed later changes nothing', () => {
  const sizes = [16, 100]
  const padding = readPadding(sizes)
  sizes[0] = 1_000
  expect(padding && pad(Buffer.alloc(0), padding)).toHaveLength(16)
})
