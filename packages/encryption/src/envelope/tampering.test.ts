import { gzipSync } from 'node:zlib'
import { MemkeepError, type Entry, type MemkeepErrorCode } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Keyring } from '../keyring/keyring.ts'
import { ENVELOPE_ALGORITHMS } from './algorithms.ts'
import { EnvelopeCipher, type EnvelopeCipherOptions } from './cipher.ts'

const keyring = Keyring.generate()
const entry = {
  key: 'user:1',
  value: Buffer.from('sixteen and more bytes'),
  flags: 7,
  expiresAt: Date.now() + 3_600_000,
}

function faultOf(found: Entry, opener: EnvelopeCipher): MemkeepError {
  try {
    opener.open(found)
  } catch (error) {
    if (error instanceof MemkeepError) return error
    throw error
  }
  throw new Error('it opened')
}

/** Every algorithm, plain and with everything that a flag can say. */
const WAYS: readonly (readonly [string, Omit<EnvelopeCipherOptions, 'keyring'>])[] =
  ENVELOPE_ALGORITHMS.flatMap((algorithm) => [
    [algorithm, { algorithm }],
    [
      `${algorithm}, compressed, padded, expiring`,
      { algorithm, compress: { threshold: 1 }, pad: 'padme', bindExpiry: true },
    ],
  ])

describe.each(WAYS)('%s', (_, way) => {
  const options = { ...way, keyring, context: 'here' }
  const cipher = new EnvelopeCipher(options)
  const value = Buffer.from('sixteen and more bytes '.repeat(4))
  const sealed = cipher.seal({ ...entry, value })
  const least = options.bindExpiry === true ? 57 : 49
  const codeOf = (changed: Partial<Entry>, opener: EnvelopeCipher = cipher): MemkeepErrorCode =>
    faultOf({ ...entry, value: sealed, ...changed }, opener).code
  const flip = (bit: number): Buffer => {
    const at = bit >> 3
    const changed = Buffer.from(sealed)
    changed[at] = sealed.readUInt8(at) ^ (1 << (bit & 7))
    return changed
  }

  test('every change of a single bit is refused, for its reason', () => {
    for (const opener of [cipher, new EnvelopeCipher({ keyring, context: 'here' })]) {
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const at = bit >> 3
        const code = codeOf({ value: flip(bit) }, opener)
        if (at < 2) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_FOREIGN')
        else if (at < 3) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED')
        // one known algorithm or flag can become another
        else if (at < 5) expect(code).toMatch(/_ENVELOPE_UNSUPPORTED$|_DECRYPT_FAILED$/)
        else if (at < 9) expect(code).toBe('ERR_MEMKEEP_UNKNOWN_KEY_ID')
        else expect(code).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
      }
      expect(opener.open({ ...entry, value: sealed })).toEqual(value)
    }
  })

  test('every change of a single bit of key, context or client flags is refused', () => {
    const flips = (text: string): readonly string[] =>
      Array.from({ length: text.length * 7 }, (_, bit) => {
        const bytes = Buffer.from(text)
        const at = Math.floor(bit / 7)
        bytes[at] = bytes.readUInt8(at) ^ (1 << (bit % 7))
        return bytes.toString()
      })
    for (const key of flips(entry.key)) expect(codeOf({ key })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    for (const context of flips('here')) {
      const elsewhere = new EnvelopeCipher({ keyring, context })
      expect(codeOf({}, elsewhere)).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    }
    for (let bit = 0; bit < 32; bit++) {
      expect(codeOf({ flags: (entry.flags ^ (1 << bit)) >>> 0 })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    }
  })

  test('any other key, context or client flags is refused', () => {
    const anyKey = fc.string({ unit: 'grapheme', maxLength: 12 })
    const anyFlags = fc.integer({ min: 0, max: 0xffffffff })
    fc.assert(
      fc.property(anyKey, anyKey, anyFlags, (key, context, flags) => {
        fc.pre(key !== entry.key && context !== 'here' && flags !== entry.flags)
        const elsewhere = new EnvelopeCipher({ keyring, context })
        expect(codeOf({ key })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
        expect(codeOf({ flags })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
        expect(codeOf({}, elsewhere)).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
      }),
    )
  })

  test('what any key of another ring sealed is refused', () => {
    expect(codeOf({}, new EnvelopeCipher({ ...options, keyring: Keyring.generate() }))).toBe(
      'ERR_MEMKEEP_UNKNOWN_KEY_ID',
    )
  })

  test('an envelope cut at any length, or with bytes appended, is refused', () => {
    for (let length = 0; length < sealed.length; length++) {
      const code = codeOf({ value: sealed.subarray(0, length) })
      if (length < 2) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_FOREIGN')
      else if (length < least) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_TRUNCATED')
      else expect(code).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    }
    expect(codeOf({ value: Buffer.concat([sealed, Buffer.of(0)]) })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
  })

  test('two values of one length do not swap, whole or in part', () => {
    const other = { ...entry, key: 'user:2', value }
    const otherSealed = cipher.seal(other)
    expect(codeOf({ value: otherSealed })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    for (const cut of [33, least - 16, sealed.length - 16]) {
      const mixed = Buffer.concat([sealed.subarray(0, cut), otherSealed.subarray(cut)])
      expect(codeOf({ value: mixed })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
      expect(codeOf({ value: mixed, key: other.key })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    }
  })

  test('an envelope that names another algorithm is refused', () => {
    for (const id of [1, 2, 3]) {
      if (sealed[3] === id) continue
      expect(codeOf({ value: Buffer.from(sealed).fill(id, 3, 4) })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    }
  })
})

const cipher = new EnvelopeCipher({ keyring, context: 'here' })
const sealed = cipher.seal(entry)
const fault = (changed: Partial<Entry>, opener: EnvelopeCipher = cipher): MemkeepError =>
  faultOf({ ...entry, value: sealed, ...changed }, opener)

test('another key, flags, context or changed bytes is refused with one message', () => {
  const faults = [
    ...['user:2', 'user:10', 'User:1', 'user:', '', 'user:1\u{301}'].map((key) => fault({ key })),
    ...[0, 6, 0x07000000, 0xffffffff].map((flags) => fault({ flags })),
    ...['', 'there', 'her', 'here '].map((context) => fault({}, new EnvelopeCipher({ keyring, context }))),
    fault({ value: Buffer.from(sealed).fill(0, sealed.length - 4) }),
  ]
  expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['ERR_MEMKEEP_DECRYPT_FAILED']))
  expect(new Set(faults.map(({ message }) => message)).size).toBe(1)
})

test('bytes that move between context and key are told apart', () => {
  const one = new EnvelopeCipher({ keyring, context: 'ab' }).seal({ ...entry, key: 'c' })
  const moved = fault({ key: 'bc', value: one }, new EnvelopeCipher({ keyring, context: 'a' }))
  expect(moved.code).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
})

describe('what is no envelope', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.of(0x41)],
    ['the first byte of the magic', Buffer.of(0xc7)],
    ['the magic one byte late', Buffer.concat([Buffer.of(0), sealed])],
    ['text', Buffer.from('a plain value that is long enough to be an envelope')],
    ['JSON', Buffer.from(JSON.stringify({ value: 'x'.repeat(60) }))],
    ['gzip', gzipSync('x'.repeat(500))],
    ['zeros', Buffer.alloc(100)],
  ])('%s is foreign', (_, value) => {
    expect(fault({ value }).code).toBe('ERR_MEMKEEP_ENVELOPE_FOREIGN')
  })
})

test('every other version, algorithm and flag is unsupported, however short the value is', () => {
  const known = { 2: [1], 3: [1, 2, 3], 4: [0, 1, 2, 3, 4, 5, 6, 7] }
  for (const [place, bytes] of Object.entries(known)) {
    const at = Number(place)
    for (let byte = 0; byte < 256; byte++) {
      if (bytes.includes(byte)) continue
      const value = Buffer.from(sealed).fill(byte, at, at + 1)
      expect(fault({ value }).code).toBe('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED')
      expect(fault({ value: value.subarray(0, at + 1) }).code).toBe('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED')
    }
  }
})

test('an unknown key id is named beside the ids that the ring has, and what to do', () => {
  const wrong = Keyring.fromText(`${Keyring.generate().exportText()} ${Keyring.generate().exportText()}`)
  const { code, message } = fault({}, new EnvelopeCipher({ keyring: wrong, context: 'here' }))
  expect(code).toBe('ERR_MEMKEEP_UNKNOWN_KEY_ID')
  for (const id of [keyring.primaryId, ...wrong.ids]) expect(message).toContain(id)
  expect(message).toContain('Add that key')
})

test('no message repeats key name, context or value', () => {
  const faults = [
    fault({ key: 'user:2' }),
    fault({ value: Buffer.from('user:1 here sixteen and more bytes') }),
    fault({ value: sealed.subarray(0, 40) }),
    fault({ value: Buffer.from(sealed).fill(8, 4, 5) }),
    fault({}, new EnvelopeCipher({ keyring: Keyring.generate(), context: 'here' })),
  ]
  for (const { message } of faults) expect(message).not.toMatch(/user:|\bhere\b(?! to)|sixteen/)
})
