import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromStored, toStored } from './expiring.ts'

const stored = (text: string, expires?: number): Buffer => Buffer.from(toStored(text, expires))

describe('what is stored for a text', () => {
  it('is the text, when it does not end', () => {
    expect(toStored('{"value":1}', undefined)).toBe('{"value":1}')
  })

  it('is read back, whatever the text', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '\0', '\0\0\0\0\0\0\0\0'))
    const expires = fc.option(fc.integer({ min: Date.now() + 1e9, max: 2 ** 48 - 1 }), { nil: undefined })
    fc.assert(
      fc.property(text, expires, (value, end) => {
        expect(fromStored(stored(value, end))).toBe(value)
      }),
    )
  })

  it('is nothing from its end on', () => {
    expect(fromStored(stored('x', Date.now()))).toBeUndefined()
    expect(fromStored(stored('x', 1))).toBeUndefined()
    expect(fromStored(stored('x', Date.now() + 60_000))).toBe('x')
  })
})
