import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Keyring, masterKeysOf } from '../keyring/keyring.ts'
import { ENVELOPE_ALGORITHMS, type EnvelopeAlgorithm } from './algorithms.ts'
import { EnvelopeCipher } from './cipher.ts'
import { TAG_BYTES } from './ciphers/aead.ts'
import { aeadOf } from './ciphers/index.ts'
import { COUNTER_AT, COUNTER_BYTES, EXPIRY_AT, SALT_AT } from './layout.ts'
import { ReaderKeys } from './reader-keys.ts'
import { Reader } from './reader.ts'
import { saltsNonce } from './session.ts'

interface Vector {
  readonly tcId: number
  readonly key: Buffer
  readonly iv: Buffer
  readonly aad: Buffer
  readonly msg: Buffer
  readonly sealed: Buffer
  readonly valid: boolean
}

type Fields = Readonly<Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag' | 'result', string>> & {
  readonly tcId: number
}
interface File {
  readonly numberOfTests: number
  readonly testGroups: readonly { readonly keySize: number; readonly tests: readonly Fields[] }[]
}

const OPENSSL_NONCE_BYTES = 128

const FILES: Readonly<Record<EnvelopeAlgorithm, string>> = {
  'aes-256-gcm': 'aes_gcm',
  'chacha20-poly1305': 'chacha20_poly1305',
  'xchacha20-poly1305': 'xchacha20_poly1305',
}

/** The vectors of an algorithm for keys of 256 bits, and how many there are of others. */
function read(algorithm: EnvelopeAlgorithm): { vectors: readonly Vector[]; others: number; all: number } {
  const url = new URL(`../../test/wycheproof/${FILES[algorithm]}.json`, import.meta.url)
  const { numberOfTests, testGroups } = JSON.parse(readFileSync(url, 'utf8')) as File
  const groups = testGroups.filter(({ keySize }) => keySize === 256)
  const vectors = groups.flatMap(({ tests }) =>
    tests.map(({ tcId, key, iv, aad, msg, ct, tag, result }) => ({
      tcId,
      key: Buffer.from(key, 'hex'),
      iv: Buffer.from(iv, 'hex'),
      aad: Buffer.from(aad, 'hex'),
      msg: Buffer.from(msg, 'hex'),
      sealed: Buffer.from(ct + tag, 'hex'),
      valid: result === 'valid',
    })),
  )
  return { vectors, others: numberOfTests - vectors.length, all: numberOfTests }
}

/** What a backend makes of a vector: also one that throws for a nonce of a wrong length opens nothing. */
function attempt(open: () => Buffer | undefined): Buffer | undefined {
  try {
    return open()
  } catch {
    return undefined
  }
}

describe.each(ENVELOPE_ALGORITHMS)('%s', (algorithm) => {
  const { vectors, others, all } = read(algorithm)
  const aead = aeadOf(algorithm)

  test('the file is whole', () => {
    expect(vectors.length + others).toBe(all)
    expect(vectors.filter(({ valid }) => valid).length).toBeGreaterThan(70)
    expect(vectors.filter(({ valid }) => !valid).length).toBeGreaterThan(25)
    // AES-GCM has vectors for shorter keys as well
    expect(others > 0).toBe(algorithm === 'aes-256-gcm')
  })

  test('the backend opens what is valid, seals it alike, and opens nothing else', () => {
    for (const { tcId, key, iv, aad, msg, sealed, valid } of vectors) {
      // OpenSSL takes no longer nonce for GCM; those of envelopes have 12 bytes
      if (iv.length > OPENSSL_NONCE_BYTES) continue
      const aeadKey = aead.importKey(Buffer.from(key))
      const opened = attempt(() => aeadKey.open(iv, aad, sealed, 0))
      expect({ tcId, opened }).toEqual({ tcId, opened: valid ? msg : undefined })
      if (!valid) continue
      const out = Buffer.alloc(sealed.length)
      aeadKey.seal(iv, aad, msg, out, 0)
      expect({ tcId, out }).toEqual({ tcId, out: sealed })
    }
  })

  test('a reader of envelopes does the same, with every nonce that an envelope can have', () => {
    const [master] = masterKeysOf(Keyring.generate())
    const zeros = Buffer.alloc(4)
    const fitting = vectors.filter(
      ({ iv }) => iv.length === aead.nonceBytes && (saltsNonce(aead) || iv.subarray(0, 4).equals(zeros)),
    )
    for (const { tcId, key, iv, aad, msg, sealed, valid } of fitting) {
      const envelope = Buffer.concat([Buffer.alloc(EXPIRY_AT), sealed])
      // salt and counter, or the counter alone, are the end of the nonce
      iv.copy(envelope, saltsNonce(aead) ? SALT_AT : COUNTER_AT, saltsNonce(aead) ? 0 : 4)
      const keys = new ReaderKeys(saltsNonce(aead))
      keys.remember(envelope, aead.importKey(Buffer.from(key)))
      const reader = new Reader(aead, Buffer.alloc(0), keys)
      const opened = reader.open(envelope, EXPIRY_AT, aad, () => master, undefined)
      expect({ tcId, opened }).toEqual({ tcId, opened: valid ? msg : undefined })
    }
    expect(COUNTER_AT + COUNTER_BYTES).toBe(EXPIRY_AT)
    expect(fitting.length).toBeGreaterThan(saltsNonce(aead) ? 300 : 0)
  })

  test('envelopes carry every message, and refuse every tag that is wrong as the vectors’ are', () => {
    const cipher = new EnvelopeCipher({ keyring: Keyring.generate(), algorithm })
    for (const { key, iv, aad, msg, sealed, valid } of vectors) {
      const entry = { key: aad.toString('hex'), value: msg, flags: 0 }
      const envelope = cipher.seal(entry)
      expect(cipher.open({ ...entry, value: envelope })).toEqual(msg)
      if (valid || iv.length !== aead.nonceBytes) continue
      const right = Buffer.alloc(msg.length + TAG_BYTES)
      aead.importKey(Buffer.from(key)).seal(iv, aad, msg, right, 0)
      for (let back = 1; back <= TAG_BYTES; back++) {
        const difference = (right.at(-back) ?? 0) ^ (sealed.at(-back) ?? 0)
        const at = envelope.length - back
        envelope[at] = (envelope[at] ?? 0) ^ difference
      }
      expect(() => cipher.open({ ...entry, value: envelope })).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_DECRYPT_FAILED' }) as Error,
      )
    }
  })
})
