import type { Entry } from '@memkeep/core'
import { describe, expect, test } from 'vitest'
import { EncryptionLayer } from '../encryption-layer.ts'
import { Keyring } from '../keyring/keyring.ts'
import { encryption } from '../middleware.ts'
import { ENVELOPE_ALGORITHMS } from './algorithms.ts'
import { EnvelopeCipher } from './cipher.ts'
import { describeEnvelope } from './describe-envelope.ts'

const keyring = Keyring.generate()
const expiresAt = Date.now() + 60_000
const FIELDS = ['key', 'value', 'flags', 'expiresAt'] as const
const plain = { key: 'user:1', value: Buffer.from('a value'), flags: 7, expiresAt }
const SALT_AT = 9
const COUNTER_END = 33

/** Salt and counter, of which the nonce is made. */
function nonceOf(sealed: Buffer): string {
  return sealed.toString('hex', SALT_AT, COUNTER_END)
}

/** An entry that calls back whenever one of its fields is read. */
function watched(onRead: (field: string) => void): Entry {
  const entry = {}
  for (const field of FIELDS) {
    Object.defineProperty(entry, field, {
      get: () => {
        onRead(field)
        return plain[field]
      },
    })
  }
  return entry as Entry
}

describe.each(ENVELOPE_ALGORITHMS)('%s: code that runs while a value is sealed', (algorithm) => {
  test.each(FIELDS)('cannot share its nonce when it seals in an accessor of %s', (field) => {
    const cipher = new EnvelopeCipher({ keyring, algorithm, bindExpiry: true })
    const inner: Buffer[] = []
    const outer = cipher.seal(
      watched((read) => {
        if (read === field) inner.push(cipher.seal(plain))
      }),
    )
    const nonces = [outer, ...inner].map(nonceOf)
    expect(inner).not.toHaveLength(0)
    expect(new Set(nonces).size).toBe(nonces.length)
    for (const value of [outer, ...inner]) expect(cipher.open({ ...plain, value })).toEqual(plain.value)
  })

  test('cannot share its nonce when it seals in the length of a buffer, nor change the sealed length', () => {
    const cipher = new EnvelopeCipher({ keyring, algorithm })
    const inner: Buffer[] = []
    const value = Buffer.from(plain.value)
    for (const name of ['length', 'byteLength']) {
      Object.defineProperty(value, name, {
        get: () => {
          inner.push(cipher.seal(plain))
          return 4_000
        },
      })
    }
    const outer = cipher.seal({ ...plain, value })
    const nonces = [outer, ...inner].map(nonceOf)
    expect(new Set(nonces).size).toBe(nonces.length)
    expect(cipher.open({ ...plain, value: outer })).toEqual(plain.value)
  })
})

describe('a Uint8Array', () => {
  const cipher = new EnvelopeCipher({ keyring, pad: [64] })
  const bytes = new Uint8Array([9, 1, 2, 9]).subarray(1, 3)

  test('is sealed and opened as a Buffer is', () => {
    const sealed = new Uint8Array(cipher.seal({ key: 'k', value: bytes, flags: 0 }))
    expect(cipher.open({ key: 'k', value: sealed, flags: 0 })).toEqual(Buffer.of(1, 2))
    expect(describeEnvelope(sealed).padded).toBe(true)
  })

  test('has the bytes that it has, whatever it says', () => {
    const value = new Uint8Array([1, 2])
    Object.defineProperty(value, 'byteLength', { value: 1 })
    const sealed = cipher.seal({ key: 'k', value, flags: 0 })
    expect(cipher.open({ key: 'k', value: sealed, flags: 0 })).toEqual(Buffer.of(1, 2))
  })

  test('is what a message asks for in place of other views', () => {
    for (const value of [new Float64Array(1), new ArrayBuffer(1)] as never[]) {
      expect(() => cipher.seal({ key: 'k', value, flags: 0 })).toThrow('pass new Uint8Array(')
      expect(() => cipher.open({ key: 'k', value, flags: 0 })).toThrow('pass new Uint8Array(')
      expect(() => describeEnvelope(value)).toThrow('pass new Uint8Array(')
    }
  })
})

test('the cipher and the layer read every field of an entry once', () => {
  const reads: string[] = []
  const once = (): Entry => watched((field) => reads.push(field))
  const layer = encryption({ keyring })
  expect(layer).toBeInstanceOf(EncryptionLayer)
  const sealed = layer.encode(once())
  expect(reads.toSorted()).toEqual([...FIELDS].toSorted())
  reads.length = 0
  new EnvelopeCipher({ keyring }).seal(once())
  expect(reads.toSorted()).toEqual([...FIELDS].toSorted())
  expect(layer.decode(sealed)?.value).toEqual(plain.value)
})

test('a key that changes after it was checked is not stored in plaintext', () => {
  const layer = encryption({ keyring, plainKeys: (key) => key === 'public' })
  const keys = ['secret', 'public']
  const entry = Object.defineProperty({ ...plain }, 'key', { get: () => keys.shift() ?? 'public' })
  expect(layer.encode(entry).value.includes(plain.value)).toBe(false)
})
