import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertKey, MAX_KEY_BYTES } from './key.ts'

const invalid = expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEY' }) as Error
const check = (key: unknown): void => {
  assertKey(key)
}

describe('assertKey', () => {
  it.each(['a', 'user:1', 'x'.repeat(250), 'ü'.repeat(125), '😀', '~!@#$%^&*()"\\'])('takes %s', (key) => {
    expect(() => {
      check(key)
    }).not.toThrow()
  })

  it.each([
    ['nothing', ''],
    ['a space', 'a b'],
    ['a line feed', 'a\nb'],
    ['a carriage return', 'a\r'],
    ['a NUL', '\0'],
    ['a tab', 'a\t'],
    ['DEL', 'a\x7f'],
    ['251 bytes', 'x'.repeat(251)],
    ['251 bytes of UTF-8', `${'ü'.repeat(125)}x`],
    ['half a surrogate pair', 'a\ud800'],
    ['undefined', undefined],
    ['a number', 7],
    ['null', null],
  ])('refuses %s', (_, key) => {
    expect(() => {
      check(key)
    }).toThrow(invalid)
  })

  it('does not repeat the key', () => {
    expect(() => {
      check('alice@example.org secret')
    }).toThrow(expect.objectContaining({ message: expect.not.stringContaining('alice') as string }) as Error)
  })

  it('lets through only what stays one token of a text command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (key) => {
        try {
          check(key)
        } catch {
          return
        }
        const bytes = Buffer.from(key)
        expect(bytes.length).toBeGreaterThan(0)
        expect(bytes.length).toBeLessThanOrEqual(MAX_KEY_BYTES)
        expect(bytes.every((byte) => byte > 0x20 && byte !== 0x7f)).toBe(true)
        expect(bytes.toString()).toBe(key)
      }),
    )
  })
})
