import { gzipSync } from 'node:zlib'
import { MemkeepError, type Entry, type MemkeepErrorCode } from '@memkeep/core'
import { describe, expect, test } from 'vitest'
import { Keyring } from '../keyring/keyring.ts'
import { EnvelopeCipher } from './cipher.ts'
import { ENVELOPE_OVERHEAD_BYTES } from './layout.ts'

const keyring = Keyring.generate()
const cipher = new EnvelopeCipher({ keyring, context: 'here' })
const entry = { key: 'user:1', value: Buffer.from('sixteen and more bytes'), flags: 7 }
const sealed = cipher.seal(entry)

function faultOf(changed: Partial<Entry>, opener: EnvelopeCipher = cipher): MemkeepError {
  try {
    opener.open({ ...entry, value: sealed, ...changed })
  } catch (error) {
    if (error instanceof MemkeepError) return error
    throw error
  }
  throw new Error('it opened')
}

function codeOf(changed: Partial<Entry>, opener?: EnvelopeCipher): MemkeepErrorCode {
  return faultOf(changed, opener).code
}

function withByte(at: number, byte: number): Buffer {
  const changed = Buffer.from(sealed)
  changed[at] = byte
  return changed
}

test('every change of a single bit is refused', () => {
  for (const opener of [cipher, new EnvelopeCipher({ keyring, context: 'here' })]) {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const at = bit >> 3
      const code = codeOf({ value: withByte(at, sealed.readUInt8(at) ^ (1 << (bit & 7))) }, opener)
      if (at < 2) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_FOREIGN')
      else if (at < 5) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED')
      else if (at < 9) expect(code).toBe('ERR_MEMKEEP_UNKNOWN_KEY_ID')
      else expect(code).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    }
    expect(opener.open({ ...entry, value: sealed })).toEqual(entry.value)
  }
})

test('another key, flags, context or master key is refused with one message', () => {
  const faults = [
    ...['user:2', 'user:10', 'User:1', 'user:', '', 'user:1\u{301}'].map((key) => faultOf({ key })),
    ...[0, 6, 0x07000000, 0xffffffff].map((flags) => faultOf({ flags })),
    ...['', 'there', 'her', 'here '].map((context) => faultOf({}, new EnvelopeCipher({ keyring, context }))),
    faultOf({ value: withByte(sealed.length - 1, sealed.readUInt8(sealed.length - 1) ^ 0xff) }),
  ]
  expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['ERR_MEMKEEP_DECRYPT_FAILED']))
  expect(new Set(faults.map(({ message }) => message)).size).toBe(1)
})

test('bytes that move between context and key are told apart', () => {
  const one = new EnvelopeCipher({ keyring, context: 'ab' }).seal({ ...entry, key: 'c' })
  expect(codeOf({ key: 'bc', value: one }, new EnvelopeCipher({ keyring, context: 'a' }))).toBe(
    'ERR_MEMKEEP_DECRYPT_FAILED',
  )
})

test('two values of one length do not swap, whole or in part', () => {
  const other = { ...entry, key: 'user:2', value: Buffer.from('SIXTEEN AND MORE BYTES') }
  const otherSealed = cipher.seal(other)
  expect(codeOf({ value: otherSealed })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
  for (const cut of [33, 40, sealed.length - 16]) {
    const mixed = Buffer.concat([sealed.subarray(0, cut), otherSealed.subarray(cut)])
    expect(codeOf({ value: mixed })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
    expect(codeOf({ value: mixed, key: other.key })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
  }
})

test('an envelope cut at any length, or with bytes appended, is refused', () => {
  for (let length = 0; length < sealed.length; length++) {
    const code = codeOf({ value: sealed.subarray(0, length) })
    if (length < 2) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_FOREIGN')
    else if (length < ENVELOPE_OVERHEAD_BYTES) expect(code).toBe('ERR_MEMKEEP_ENVELOPE_TRUNCATED')
    else expect(code).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
  }
  expect(codeOf({ value: Buffer.concat([sealed, Buffer.of(0)]) })).toBe('ERR_MEMKEEP_DECRYPT_FAILED')
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
    expect(codeOf({ value })).toBe('ERR_MEMKEEP_ENVELOPE_FOREIGN')
  })
})

test('every other version, algorithm and flag is unsupported, however short the value is', () => {
  for (const [at, known] of [
    [2, 1],
    [3, 1],
    [4, 0],
  ] as const) {
    for (let byte = 0; byte < 256; byte++) {
      if (byte === known) continue
      const value = withByte(at, byte)
      expect(codeOf({ value })).toBe('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED')
      expect(codeOf({ value: value.subarray(0, at + 1) })).toBe('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED')
    }
  }
})

test('an unknown key id is named beside the ids that the ring has, and what to do', () => {
  const wrong = Keyring.fromText(`${Keyring.generate().exportText()} ${Keyring.generate().exportText()}`)
  const fault = faultOf({}, new EnvelopeCipher({ keyring: wrong, context: 'here' }))
  expect(fault.code).toBe('ERR_MEMKEEP_UNKNOWN_KEY_ID')
  for (const id of [keyring.primaryId, ...wrong.ids]) expect(fault.message).toContain(id)
  expect(fault.message).toContain('Add that key')
})

test('no message repeats key name, context or value', () => {
  const faults = [
    faultOf({ key: 'user:2' }),
    faultOf({ value: Buffer.from('user:1 here sixteen and more bytes') }),
    faultOf({ value: sealed.subarray(0, 40) }),
    faultOf({ value: withByte(4, 1) }),
    faultOf({}, new EnvelopeCipher({ keyring: Keyring.generate(), context: 'here' })),
  ]
  for (const { message } of faults) expect(message).not.toMatch(/user:|\bhere\b|sixteen/)
})
