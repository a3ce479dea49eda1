import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  encryption,
  ENCRYPTION_READY_CHANNEL,
  Keyring,
  type EncryptionDescription,
  type EncryptionOptions,
} from './index.ts'

const keyring = Keyring.generate()
const entry = { key: 'user:1', value: Buffer.from('a private value'), flags: 5 }

describe('migration', () => {
  test('read-plaintext serves and counts what is plain, and seals what is stored', () => {
    const layer = encryption({ keyring, migration: 'read-plaintext' })
    expect(layer.decode(entry)).toEqual(entry)
    expect(layer.counters).toEqual({ failures: [], plaintextServed: 1 })
    const stored = layer.encode(entry)
    expect(stored.value.includes('private')).toBe(false)
    expect(layer.decode(stored)?.value).toEqual(entry.value)
    expect(layer.counters.plaintextServed).toBe(1)
  })

  test('write-plaintext reads both, and seals nothing yet', () => {
    const layer = encryption({ keyring, migration: 'write-plaintext' })
    expect(layer.encode(entry)).toEqual(entry)
    expect(layer.decode(entry)).toEqual(entry)
    const sealed = encryption({ keyring }).encode(entry)
    expect(layer.decode(sealed)?.value).toEqual(entry.value)
  })

  test('serves nothing but what is plain: an envelope that does not open is a miss', () => {
    const sealed = encryption({ keyring }).encode(entry)
    const other = encryption({ keyring: Keyring.generate() }).encode(entry)
    for (const migration of ['read-plaintext', 'write-plaintext'] as const) {
      const layer = encryption({ keyring, migration })
      const found = [sealed.value.subarray(0, 40), Buffer.from(sealed.value).fill(9, 2, 3), other.value]
      for (const value of found) expect(layer.decode({ ...entry, value })).toBeUndefined()
      expect(layer.decode({ ...sealed, key: 'user:2' })).toBeUndefined()
      expect(layer.counters.plaintextServed).toBe(0)
    }
  })

  test('strict, which is the default, serves nothing that is plain', () => {
    for (const options of [{}, { migration: 'strict' as const }]) {
      expect(encryption({ keyring, ...options }).decode(entry)).toBeUndefined()
    }
  })
})

describe('plainKeys', () => {
  const layer = encryption({ keyring, plainKeys: (key) => key.startsWith('count:') })

  test('are left as they are, both ways', () => {
    const counter = { key: 'count:visits', value: Buffer.from('41'), flags: 0 }
    expect(layer.encode(counter)).toBe(counter)
    expect(layer.decode(counter)).toBe(counter)
    expect(layer.decode(entry)).toBeUndefined()
    expect(layer.encode(entry).value.includes('private')).toBe(false)
  })

  test('can be counted and appended to, all others not', () => {
    for (const operation of ['append', 'prepend', 'increment', 'decrement'] as const) {
      expect(layer.refuses(operation, 'count:visits')).toBeUndefined()
      expect(layer.refuses(operation, 'user:1')).toContain('cas()')
    }
  })
})

test('touch is refused where an expiry is bound, and only there', () => {
  for (const operation of ['touch', 'getAndTouch'] as const) {
    expect(encryption({ keyring }).refuses(operation, 'k')).toBeUndefined()
    for (const bindExpiry of [true, 'required'] as const) {
      expect(encryption({ keyring, bindExpiry }).refuses(operation, 'k')).toContain('set()')
    }
  }
})

describe('rewrap', () => {
  const fresh = Keyring.generate()
  const both = Keyring.fromText(`${fresh.exportText()} ${keyring.exportText()}`)
  const old = encryption({ keyring }).encode(entry)

  test('marks what an older key sealed, and nothing else', () => {
    const layer = encryption({ keyring: both, rewrap: true })
    expect(layer.decode(old)).toMatchObject({ value: entry.value, stale: true })
    expect(layer.decode(layer.encode(entry))).toMatchObject({ value: entry.value, stale: false })
    expect(encryption({ keyring: both }).decode(old)).toMatchObject({ stale: false })
  })

  test('never makes an envelope of a plain value that was served', () => {
    const layer = encryption({ keyring: both, rewrap: true, migration: 'read-plaintext' })
    expect(layer.decode(entry)?.stale).toBeUndefined()
  })

  test('says when a bound value ends', () => {
    const expiresAt = Date.now() + 60_000
    const bound = encryption({ keyring, bindExpiry: true }).encode({ ...entry, expiresAt })
    expect(bound.expiresAt).toBe(expiresAt)
    expect(encryption({ keyring: both, rewrap: true }).decode(bound)).toMatchObject({
      stale: true,
      expiresAt,
    })
  })
})

describe('counters', () => {
  test('are kept by reason and key', () => {
    const layer = encryption({ keyring })
    const other = Keyring.generate()
    const foreign = encryption({ keyring: other }).encode(entry)
    const moved = { ...layer.encode(entry), key: 'user:2' }
    for (const found of [foreign, foreign, moved, entry]) layer.decode(found)
    expect(layer.counters.failures).toEqual([
      { code: 'ERR_MEMKEEP_UNKNOWN_KEY_ID', keyId: other.primaryId, count: 2 },
      { code: 'ERR_MEMKEEP_DECRYPT_FAILED', keyId: keyring.primaryId, count: 1 },
      { code: 'ERR_MEMKEEP_ENVELOPE_FOREIGN', keyId: undefined, count: 1 },
    ])
  })

  test('do not grow with the ids that others make up', () => {
    const layer = encryption({ keyring })
    const made = Buffer.from(layer.encode(entry).value)
    for (let id = 0; id < 2_000; id++) {
      made.writeUInt32BE(id, 5)
      layer.decode({ ...entry, value: made })
    }
    const { failures } = layer.counters
    expect(failures.length).toBeLessThan(300)
    expect(failures.reduce((sum, { count }) => sum + count, 0)).toBe(2_000)
  })
})

describe('what a layer says of itself', () => {
  const two = Keyring.fromText(`${keyring.exportText()} ${Keyring.generate().exportText()}`)
  const options: EncryptionOptions = {
    keyring: two,
    context: 'billing',
    algorithm: 'chacha20-poly1305',
    keyNames: { nameKey: two.primaryId },
    pad: 'padme',
    plainKeys: () => false,
  }

  test('is told at its start', () => {
    const told: EncryptionDescription[] = []
    const listen = (message: unknown): void => void told.push(message as EncryptionDescription)
    subscribe(ENCRYPTION_READY_CHANNEL, listen)
    const layer = encryption(options)
    unsubscribe(ENCRYPTION_READY_CHANNEL, listen)
    expect(told).toEqual([layer.describe()])
    expect(told[0]).toMatchObject({
      algorithm: 'chacha20-poly1305',
      context: 'billing',
      keys: two.describe(),
      nameKey: two.primaryId,
      compress: undefined,
      pad: 'padme',
      bindExpiry: false,
      onFailure: 'miss',
      migration: 'strict',
      rewrap: false,
      plainKeys: true,
    })
  })

  test('is one line with every key id, and no key', () => {
    const layer = encryption(options)
    const line = String(layer)
    expect(line).toMatch(/^encryption: chacha20-poly1305, context "billing", keys [^\n]+$/)
    for (const id of two.ids) expect(line).toContain(id)
    const printed = [line, inspect(layer, { showHidden: true, depth: 9 }), JSON.stringify(layer.describe())]
    for (const text of two.exportText().split(',')) {
      for (const each of printed) expect(each).not.toContain(text.slice(15, 30))
    }
  })
})
