import { describe, expect, test } from 'vitest'
import { encryption, Keyring, type EncryptionOptions } from './index.ts'

const [old, next] = [Keyring.generate(), Keyring.generate()]
const both = Keyring.fromText(`${next.exportText()} ${old.exportText()}`)
const key = 'memkeep-namespace:users'
const value = Buffer.from('a version')
const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

describe('a record', () => {
  test.each<EncryptionOptions>([
    { keyring: old },
    { keyring: old, bindExpiry: true },
    { keyring: old, plainKeys: () => true },
    { keyring: old, compress: true, pad: 'padme' },
    { keyring: old, migration: 'read-plaintext' },
  ])('is sealed and opens, whatever the options for values say: %#', (options) => {
    const layer = encryption(options)
    const sealed = layer.sealRecord({ key, value })
    expect(sealed.includes(value)).toBe(false)
    expect(layer.openRecord({ key, value: sealed })).toEqual({ value, stale: false })
  })

  test('opens as no value, and no value opens as a record', () => {
    const layer = encryption({ keyring: old, onFailure: 'throw' })
    const sealed = layer.sealRecord({ key, value })
    expect(() => layer.decode({ key, value: sealed, flags: 0 })).toThrow(code('DECRYPT_FAILED'))
    const entry = layer.encode({ key, value, flags: 0 })
    expect(() => layer.openRecord({ key, value: entry.value })).toThrow(code('DECRYPT_FAILED'))
  })

  test('does not open under another key name, in another context, or without its key', () => {
    const sealed = encryption({ keyring: old, context: 'a' }).sealRecord({ key, value })
    const open =
      (options: EncryptionOptions, name = key) =>
      (): unknown =>
        encryption(options).openRecord({ key: name, value: sealed })
    expect(open({ keyring: old, context: 'a' }, `${key}x`)).toThrow(code('DECRYPT_FAILED'))
    expect(open({ keyring: old, context: 'b' })).toThrow(code('DECRYPT_FAILED'))
    expect(open({ keyring: next, context: 'a' })).toThrow(code('UNKNOWN_KEY_ID'))
  })

  test('is stale when an older key of the ring sealed it', () => {
    const sealed = encryption({ keyring: old }).sealRecord({ key, value })
    expect(encryption({ keyring: both }).openRecord({ key, value: sealed })).toEqual({ value, stale: true })
  })

  test('follows a migration: plain, then read in both forms, then sealed', () => {
    const plain = encryption({ keyring: old, migration: 'write-plaintext' })
    expect(plain.sealRecord({ key, value })).toEqual(value)
    expect(plain.openRecord({ key, value })).toEqual({ value, stale: false })
    const reading = encryption({ keyring: old, migration: 'read-plaintext' })
    expect(reading.openRecord({ key, value })).toEqual({ value, stale: true })
    const sealed = reading.sealRecord({ key, value })
    expect(plain.openRecord({ key, value: sealed })).toEqual({ value, stale: false })
    const strict = encryption({ keyring: old })
    expect(strict.openRecord({ key, value: sealed })).toEqual({ value, stale: false })
    expect(() => strict.openRecord({ key, value })).toThrow(code('ENVELOPE_FOREIGN'))
  })

  test('is sealed with a new salt after newSession', () => {
    const layer = encryption({ keyring: old })
    const first = layer.sealRecord({ key, value })
    layer.newSession()
    const second = layer.sealRecord({ key, value })
    expect(second.subarray(0, 24)).not.toEqual(first.subarray(0, 24))
  })
})
