import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Keyring } from '../keyring/keyring.ts'
import { EnvelopeCipher, type EnvelopeCipherOptions } from './cipher.ts'

const keyring = Keyring.generate()
const COMPRESSED = 1
const PADDED = 2
const EXPIRES = 4

const sealedBy = (options: Omit<EnvelopeCipherOptions, 'keyring'>, value: Buffer): Buffer =>
  new EnvelopeCipher({ keyring, ...options }).seal({
    key: 'k',
    value,
    flags: 0,
    expiresAt: Date.now() + 60_000,
  })
const open = (value: Buffer): Buffer => new EnvelopeCipher({ keyring }).open({ key: 'k', value, flags: 0 })

describe('compress', () => {
  const text = Buffer.from('the same words again and again, '.repeat(100))

  test.each(['deflate', 'brotli'] as const)(
    '%s makes long values short, and any reader opens them',
    (codec) => {
      const sealed = sealedBy({ compress: { codec } }, text)
      expect(sealed[4]).toBe(COMPRESSED)
      expect(sealed.length).toBeLessThan(text.length / 10)
      expect(open(sealed)).toEqual(text)
    },
  )

  test('leaves what is short, or would not get shorter', () => {
    const noise = Keyring.generate().exportText()
    for (const value of [text.subarray(0, 1023), Buffer.alloc(0), Buffer.from(noise)]) {
      const sealed = sealedBy({ compress: true }, value)
      expect(sealed[4]).toBe(0)
      expect(open(sealed)).toEqual(value)
    }
  })

  test('is off unless it is asked for', () => {
    for (const options of [{}, { compress: false }])
      expect(sealedBy(options, text)).toHaveLength(text.length + 49)
  })

  test('what inflates beyond the bound of its reader is refused', () => {
    const bomb = sealedBy({ compress: true }, Buffer.alloc(1_000_000))
    const reader = new EnvelopeCipher({ keyring, compress: { maxInflatedBytes: 999_999 } })
    expect(() => reader.open({ key: 'k', value: bomb, flags: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_ENVELOPE_CONTENT' }) as Error,
    )
    expect(open(bomb)).toHaveLength(1_000_000)
  })
})

describe('pad', () => {
  test('values of many lengths become envelopes of one', () => {
    const lengths = new Set<number>()
    for (let length = 0; length < 100; length++) {
      const value = Buffer.alloc(length, 7)
      const sealed = sealedBy({ pad: [100, 1000] }, value)
      expect(sealed[4]).toBe(PADDED)
      expect(open(sealed)).toEqual(value)
      lengths.add(sealed.length)
    }
    expect([...lengths]).toEqual([149])
  })

  test('comes after compression', () => {
    const value = Buffer.alloc(5000, 7)
    const sealed = sealedBy({ pad: [1000], compress: true }, value)
    expect(sealed[4]).toBe(PADDED | COMPRESSED)
    expect(sealed).toHaveLength(1049)
    expect(open(sealed)).toEqual(value)
  })
})

describe('bindExpiry', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const cipher = new EnvelopeCipher({ keyring, bindExpiry: true })
  const value = Buffer.from('until then')

  test('a value opens until its time, and never after, whoever reads it', () => {
    const expiresAt = Date.now() + 1000
    const sealed = cipher.seal({ key: 'k', value, flags: 0, expiresAt })
    expect(sealed[4]).toBe(EXPIRES)
    expect(sealed).toHaveLength(value.length + 57)
    expect(sealed.readBigUInt64BE(33)).toBe(BigInt(expiresAt))
    vi.setSystemTime(expiresAt - 1)
    expect(open(sealed)).toEqual(value)
    for (const later of [0, 1, 10 ** 12]) {
      vi.setSystemTime(expiresAt + later)
      expect(() => open(sealed)).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_ENVELOPE_EXPIRED' }) as Error,
      )
    }
  })

  test('an expiry that was changed does not open', () => {
    const sealed = cipher.seal({ key: 'k', value, flags: 0, expiresAt: Date.now() + 1000 })
    sealed.writeBigUInt64BE(sealed.readBigUInt64BE(33) + 1n, 33)
    expect(() => open(sealed)).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_DECRYPT_FAILED' }) as Error,
    )
  })

  test('a value without an end is refused, and so is one that ends at no time', () => {
    expect(() => cipher.seal({ key: 'k', value, flags: 0 })).toThrow('give it a ttl')
    for (const expiresAt of [-1, 0.5, NaN, Infinity]) {
      expect(() => cipher.seal({ key: 'k', value, flags: 0, expiresAt })).toThrow(RangeError)
    }
  })

  test('with required, values without an expiry are refused, and only those', () => {
    const required = new EnvelopeCipher({ keyring, bindExpiry: 'required' })
    const bound = cipher.seal({ key: 'k', value, flags: 0, expiresAt: Date.now() + 1000 })
    expect(required.open({ key: 'k', value: bound, flags: 0 })).toEqual(value)
    for (const options of [{}, { pad: 'padme', compress: { threshold: 1 } }] as const) {
      const unbound = new EnvelopeCipher({ keyring, ...options }).seal({ key: 'k', value, flags: 0 })
      expect(() => required.open({ key: 'k', value: unbound, flags: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_ENVELOPE_NO_EXPIRY' }) as Error,
      )
      unbound[unbound.length - 1] = (unbound.at(-1) ?? 0) ^ 1
      expect(() => required.open({ key: 'k', value: unbound, flags: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_DECRYPT_FAILED' }) as Error,
      )
    }
    expect(() => required.seal({ key: 'k', value, flags: 0 })).toThrow('give it a ttl')
    const expiresAt = Date.now() + 1000
    expect(required.seal({ key: 'k', value, flags: 0, expiresAt })[4]).toBe(EXPIRES)
    expect(required.describe()).toMatchObject({ bindExpiry: 'required' })
  })

  test('values from before it was switched on open', () => {
    const sealed = new EnvelopeCipher({ keyring }).seal({ key: 'k', value, flags: 0 })
    expect(cipher.open({ key: 'k', value: sealed, flags: 0 })).toEqual(value)
  })
})
