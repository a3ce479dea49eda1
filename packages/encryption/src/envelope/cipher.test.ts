import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Keyring } from '../keyring/keyring.ts'
import { ENVELOPE_ALGORITHMS } from './algorithms.ts'
import { EnvelopeCipher } from './cipher.ts'
import { ENVELOPE_OVERHEAD_BYTES } from './layout.ts'

const keyring = Keyring.generate()
const entry = { key: 'user:1', value: Buffer.from('a value'), flags: 0 }

function saltOf(sealed: Buffer): string {
  return sealed.toString('hex', 9, 25)
}

describe.each(ENVELOPE_ALGORITHMS)('seal and open with %s', (algorithm) => {
  test('give back every value, under every key, context and flags', () => {
    const bytes = fc.uint8Array({ maxLength: 3000 })
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    const flags = fc.integer({ min: 0, max: 0xffffffff })
    fc.assert(
      fc.property(bytes, text, text, flags, (value, key, context, clientFlags) => {
        const writer = new EnvelopeCipher({ keyring, context, algorithm })
        const plain = { key, value: Buffer.from(value), flags: clientFlags }
        const sealed = writer.seal(plain)
        expect(sealed.length).toBe(value.length + ENVELOPE_OVERHEAD_BYTES)
        const stored = { ...plain, value: sealed }
        expect(writer.open(stored)).toEqual(plain.value)
        // readers take what the envelope names
        expect(new EnvelopeCipher({ keyring, context }).open(stored)).toEqual(plain.value)
      }),
      { numRuns: 150 },
    )
  })

  test('a value of a megabyte', () => {
    const cipher = new EnvelopeCipher({ keyring, algorithm })
    const value = Buffer.alloc(1024 * 1024, 'ab')
    expect(cipher.open({ ...entry, value: cipher.seal({ ...entry, value }) }).equals(value)).toBe(true)
  })

  test('the same entry is never sealed alike, and the value is not in it', () => {
    const cipher = new EnvelopeCipher({ keyring, algorithm })
    const one = cipher.seal(entry)
    expect(cipher.seal(entry)).not.toEqual(one)
    expect(one.includes(entry.value)).toBe(false)
  })

  test('what is returned is no view of what was given', () => {
    const cipher = new EnvelopeCipher({ keyring, algorithm })
    const value = Buffer.from('original')
    const sealed = cipher.seal({ ...entry, value })
    value.fill(0)
    const stored = { ...entry, value: Buffer.from(sealed) }
    const opened = cipher.open(stored)
    stored.value.fill(0)
    const later = cipher.seal({ ...entry, value: Buffer.from('replaced') })
    cipher.open({ ...entry, value: later })
    expect(opened.toString()).toBe('original')
    opened.fill(0)
    expect(cipher.open({ ...entry, value: sealed }).toString()).toBe('original')
  })

  test('every reader finds the keys of many writers', () => {
    const reader = new EnvelopeCipher({ keyring, algorithm })
    const sealed = Array.from({ length: 20 }, () => new EnvelopeCipher({ keyring, algorithm }).seal(entry))
    for (const value of [...sealed, ...sealed]) {
      expect(reader.open({ ...entry, value })).toEqual(entry.value)
    }
  })
})

test('newSession starts the next value under a new salt, and earlier values still open', () => {
  const cipher = new EnvelopeCipher({ keyring })
  const before = [cipher.seal(entry), cipher.seal(entry)] as const
  expect(saltOf(before[0])).toBe(saltOf(before[1]))
  cipher.newSession()
  const after = cipher.seal(entry)
  expect(saltOf(after)).not.toBe(saltOf(before[0]))
  expect(after.readBigUInt64BE(25)).toBe(0n)
  for (const value of [...before, after]) expect(cipher.open({ ...entry, value })).toEqual(entry.value)
})

test('a key is rotated by the order of the ring', () => {
  const [oldText, newText] = [Keyring.generate().exportText(), Keyring.generate().exportText()]
  const [before, distributed, promoted, retired] = [
    oldText,
    `${oldText},${newText}`,
    `${newText},${oldText}`,
    newText,
  ].map((text) => new EnvelopeCipher({ keyring: Keyring.fromText(text) }))
  const opens = (reader: EnvelopeCipher | undefined, value: Buffer | undefined): string | undefined =>
    value && reader?.open({ ...entry, value }).toString()
  const old = before?.seal(entry)
  const still = distributed?.seal(entry)
  const fresh = promoted?.seal(entry)
  for (const value of [old, still]) {
    for (const reader of [before, distributed, promoted]) expect(opens(reader, value)).toBe('a value')
    expect(() => opens(retired, value)).toThrow('was sealed with key')
  }
  for (const reader of [distributed, promoted, retired]) expect(opens(reader, fresh)).toBe('a value')
  expect(() => opens(before, fresh)).toThrow('was sealed with key')
})

describe('wrong arguments', () => {
  test.each([
    ['no options', undefined, TypeError],
    ['no keyring', {}, TypeError],
    ['a keyring that is text', { keyring: 'memkeep-key-v1:' }, TypeError],
    ['a made-up keyring', { keyring: Object.create(Keyring.prototype) as unknown }, TypeError],
    ['an unknown option', { keyring, contxt: 'a' }, TypeError],
    ['an algorithm that is none', { keyring, algorithm: 'aes-128-cbc' }, TypeError],
    ['a number as bindExpiry', { keyring, bindExpiry: 1 }, TypeError],
    ['another text as bindExpiry', { keyring, bindExpiry: 'true' }, TypeError],
    ['a padding that is none', { keyring, pad: 'some' }, TypeError],
    ['a codec that is none', { keyring, compress: { codec: 'lzw' } }, TypeError],
    ['a context that is no string', { keyring, context: 1 }, TypeError],
    ['a context that is null', { keyring, context: null }, TypeError],
    ['a context that is not well-formed', { keyring, context: '\ud800' }, TypeError],
    ['a context that is too long', { keyring, context: '\u{e9}'.repeat(129) }, RangeError],
  ])('%s', (_, options, type) => {
    expect(() => new EnvelopeCipher(options as never)).toThrow(type)
  })

  test.each([
    ['a key that is no string', { key: 1 }, TypeError],
    ['a key that is not well-formed', { key: 'a\udc00' }, TypeError],
    ['a value that is a string', { value: 'text' }, TypeError],
    ['a value that is missing', { value: undefined }, TypeError],
    ['negative flags', { flags: -1 }, RangeError],
    ['flags of 33 bits', { flags: 2 ** 32 }, RangeError],
    ['broken flags', { flags: 0.5 }, RangeError],
    ['missing flags', { flags: undefined }, RangeError],
  ])('%s', (_, wrong, type) => {
    const cipher = new EnvelopeCipher({ keyring })
    const stored = { ...entry, value: cipher.seal(entry) }
    expect(() => cipher.seal({ ...entry, ...wrong } as never)).toThrow(type)
    expect(() => cipher.open({ ...stored, ...wrong } as never)).toThrow(type)
  })

  test('the longest context works', () => {
    const cipher = new EnvelopeCipher({ keyring, context: 'x'.repeat(256) })
    expect(cipher.open({ ...entry, value: cipher.seal(entry) })).toEqual(entry.value)
  })
})

test('printing a cipher shows nothing of its keys', () => {
  const cipher = new EnvelopeCipher({ keyring })
  cipher.seal(entry)
  expect(inspect(cipher, { showHidden: true, depth: 9 })).toBe('EnvelopeCipher {}')
  expect(JSON.stringify(cipher)).toBe('{}')
})
