import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import { describe, expect, test } from 'vitest'
import { Keyring, masterKeysOf } from '../keyring/keyring.ts'
import { AssociatedData } from './associated-data.ts'
import { EnvelopeCipher } from './cipher.ts'
import { aeadOf } from './ciphers/index.ts'
import { sessionInfo } from './context.ts'
import { ReaderKeys } from './reader-keys.ts'
import { Reader } from './reader.ts'
import { sealIn } from './sealer.ts'
import { Session } from './session.ts'

// The design once more, from the primitives alone: nothing below is taken from the package.

function hkdf(key: Buffer, salt: Buffer, info: string, length: number): Buffer {
  const extracted = createHmac('sha256', salt).update(key).digest()
  return createHmac('sha256', extracted).update(info).update(Buffer.of(1)).digest().subarray(0, length)
}

function u32(value: number): Buffer {
  return Buffer.from(value.toString(16).padStart(8, '0'), 'hex')
}

interface Vector {
  readonly master: Buffer
  readonly salt: Buffer
  readonly counter: bigint
  readonly context: string
  readonly key: string
  readonly value: Buffer
  readonly flags: number
}

function independentEnvelope({ master, salt, counter, context, key, value, flags }: Vector): Buffer {
  const counterBytes = Buffer.from(counter.toString(16).padStart(16, '0'), 'hex')
  const keyId = hkdf(master, Buffer.alloc(0), 'memkeep/v1/key-id', 4)
  const header = Buffer.concat([Buffer.from('c74b010100', 'hex'), keyId, salt, counterBytes])
  const sessionKey = hkdf(master, salt, `memkeep/v1/aes-256-gcm/${context}`, 32)
  const cipher = createCipheriv('aes-256-gcm', sessionKey, Buffer.concat([Buffer.alloc(4), counterBytes]))
  const contextBytes = Buffer.from(context, 'utf8')
  const keyBytes = Buffer.from(key, 'utf8')
  cipher.setAAD(
    Buffer.concat([
      header,
      u32(contextBytes.length),
      contextBytes,
      u32(keyBytes.length),
      keyBytes,
      u32(flags),
    ]),
  )
  return Buffer.concat([header, cipher.update(value), cipher.final(), cipher.getAuthTag()])
}

function keyText(master: Buffer): string {
  const checksum = createHash('sha256').update('memkeep-key-v1:').update(master).digest().subarray(0, 4)
  return `memkeep-key-v1:${Buffer.concat([master, checksum]).toString('base64url')}`
}

const VECTOR: Vector = {
  master: Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'),
  salt: Buffer.from('a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', 'hex'),
  counter: 2n,
  context: 'tenant-\u{e9}',
  key: 'user:1:\u{1f511}',
  value: Buffer.from('The cache keeps what it is given.'),
  flags: 0x01020304,
}

// Published: a change of any byte here is a change of the format.
const KEY_TEXT = 'memkeep-key-v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-bNOag'
const KEY_ID = 'e445bfe9'
const ENVELOPE = [
  'c74b010100e445bfe9a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000002feb7618393ba1279d8ef76897bc937',
  '6473fab9d5610a5e80b5598835395555fd326badaf35cbeda7e6080d5030465b6245',
].join('')

describe('the known answer', () => {
  const keyring = Keyring.fromText(KEY_TEXT)
  const { context, key, value, flags } = VECTOR

  test('is what the primitives give', () => {
    expect(keyText(VECTOR.master)).toBe(KEY_TEXT)
    expect(independentEnvelope(VECTOR).toString('hex')).toBe(ENVELOPE)
  })

  test('is what the package seals', () => {
    expect(keyring.primaryId).toBe(KEY_ID)
    const contextBytes = Buffer.from(context)
    const aead = aeadOf('aes-256-gcm')
    const info = sessionInfo('aes-256-gcm', contextBytes)
    const session = new Session(aead, masterKeysOf(keyring)[0], VECTOR.salt, info, 0)
    const associatedData = new AssociatedData(contextBytes, 33)
    session.advance()
    session.advance()
    expect(sealIn(session, associatedData, { key, value, flags }, value, 0).toString('hex')).toBe(ENVELOPE)
  })

  test('is what the package opens', () => {
    const cipher = new EnvelopeCipher({ keyring, context })
    expect(cipher.open({ key, value: Buffer.from(ENVELOPE, 'hex'), flags })).toEqual(value)
  })

  test('the exported text is the text that was read', () => {
    expect(keyring.exportText()).toBe(KEY_TEXT)
  })
})

test('a counter of 64 bits opens, and so do the empty value, key and context', () => {
  const master = randomBytes(32)
  const cipher = new EnvelopeCipher({ keyring: Keyring.fromText(keyText(master)) })
  const entry = { context: '', key: '', value: Buffer.alloc(0), flags: 0xffffffff }
  const sealed = independentEnvelope({
    master,
    salt: randomBytes(16),
    counter: 0xfedcba9876543210n,
    ...entry,
  })
  expect(cipher.open({ ...entry, value: sealed })).toEqual(entry.value)
})

test('made-up salts do not push a good key out', () => {
  const master = randomBytes(32)
  const [masterKey] = masterKeysOf(Keyring.fromText(keyText(master)))
  const keys = new ReaderKeys(false, 2)
  const reader = new Reader(aeadOf('aes-256-gcm'), Buffer.alloc(0), keys)
  const associatedData = new AssociatedData(Buffer.alloc(0), 33)
  const entry = { key: 'k', flags: 0 }
  const good = independentEnvelope({ ...VECTOR, ...entry, master, context: '', salt: randomBytes(16) })
  const open = (value: Buffer): Buffer | undefined =>
    reader.open(value, 33, associatedData.of(value, { ...entry, value }), () => masterKey, undefined)
  expect(open(good)).toEqual(VECTOR.value)
  const kept = keys.find(good)
  expect(kept).toBeDefined()
  for (let round = 0; round < 10; round++) {
    const forged = Buffer.from(good)
    randomBytes(16).copy(forged, 9)
    expect(open(forged)).toBeUndefined()
  }
  expect(keys.size).toBe(1)
  expect(keys.find(good)).toBe(kept)
})

test('a key longer than any key of memcached is bound in full', () => {
  const master = randomBytes(32)
  const cipher = new EnvelopeCipher({ keyring: Keyring.fromText(keyText(master)) })
  const vector = { ...VECTOR, master, context: '', salt: randomBytes(16) }
  for (const key of ['x'.repeat(5000), '\u{20ac}'.repeat(5000), 'short']) {
    const sealed = independentEnvelope({ ...vector, key })
    expect(cipher.open({ key, value: sealed, flags: VECTOR.flags })).toEqual(VECTOR.value)
    expect(() => cipher.open({ key: `${key}x`, value: sealed, flags: VECTOR.flags })).toThrow(MemkeepError)
  }
})
