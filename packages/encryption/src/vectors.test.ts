import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Keyring, masterKeysOf } from './keyring/keyring.ts'
import { AssociatedData } from './envelope/associated-data.ts'
import { aeadOf } from './envelope/ciphers/index.ts'
import { sessionInfo } from './envelope/context.ts'
import { sealIn } from './envelope/sealer.ts'
import { Session } from './envelope/session.ts'
import { headerBytes } from './envelope/layout.ts'
import { CODECS } from './content/codecs.ts'
import { EnvelopeCipher, type EnvelopeAlgorithm } from './index.ts'

interface Vector {
  readonly name: string
  readonly context: string
  readonly cacheKey: string
  readonly flags: number
  readonly now: number
  readonly envelope: string
}

interface OpenVector extends Vector {
  readonly algorithm: EnvelopeAlgorithm
  readonly keyId: string
  readonly salt: string
  readonly counter: string
  readonly expiresAt: number | null
  readonly headerFlags: number
  readonly content: string
  readonly value: string
}

interface Vectors {
  readonly keys: readonly { readonly text: string; readonly hex: string; readonly id: string }[]
  readonly maxInflatedBytes: number
  readonly open: readonly OpenVector[]
  readonly refuse: readonly (Vector & { readonly code: string })[]
}

const folder = new URL('../vectors/', import.meta.url)
const { keys, maxInflatedBytes, open, refuse } = JSON.parse(
  readFileSync(new URL('envelope-v1.json', folder), 'utf8'),
) as Vectors
const keyring = Keyring.fromText(keys.map(({ text }) => text).join(' '))
const hasZstd = CODECS.some(({ codec }) => codec === 'zstd')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function openVector({ context, cacheKey, flags, now, envelope }: Vector): Buffer {
  vi.setSystemTime(now)
  const cipher = new EnvelopeCipher({ keyring, context, compress: { maxInflatedBytes } })
  return cipher.open({ key: cacheKey, value: Buffer.from(envelope, 'hex'), flags })
}

test('the file is what its independent generator makes', () => {
  const generator = fileURLToPath(new URL('generate.py', folder))
  execFileSync('python3', [generator, '--check'])
  expect(open.length).toBeGreaterThan(50)
  expect(refuse.length).toBeGreaterThan(150)
})

test('keys have these texts and ids', () => {
  expect(keyring.describe().map(({ id }) => id)).toEqual(keys.map(({ id }) => id))
  for (const [index, { key }] of masterKeysOf(keyring).entries()) {
    expect(key.export().toString('hex')).toBe(keys[index]?.hex)
  }
})

describe('envelopes that open', () => {
  test.each(open)('$name', (vector) => {
    if (vector.name.endsWith('zstd') && !hasZstd) {
      expect(() => openVector(vector)).toThrow('Zstandard needs Node.js')
    } else {
      expect(openVector(vector).toString('hex')).toBe(vector.value)
    }
  })

  test.each(open.filter(({ counter }) => BigInt(counter) < 4))('$name is what is sealed', (vector) => {
    const master = masterKeysOf(keyring).find(({ id }) => id === vector.keyId)
    if (master === undefined) throw new Error('no such key')
    const context = Buffer.from(vector.context)
    const info = sessionInfo(vector.algorithm, context)
    const { headerFlags, cacheKey: key, flags } = vector
    const session = new Session(
      aeadOf(vector.algorithm),
      master,
      Buffer.from(vector.salt, 'hex'),
      info,
      headerFlags,
    )
    for (let count = 0n; count < BigInt(vector.counter); count++) session.advance()
    const content = Buffer.from(vector.content, 'hex')
    const entry = { key, value: content, flags, expiresAt: vector.expiresAt ?? undefined }
    const associatedData = new AssociatedData(context, headerBytes(headerFlags))
    expect(sealIn(session, associatedData, entry, content, headerFlags).toString('hex')).toBe(vector.envelope)
  })
})

describe('envelopes that are refused', () => {
  test.each(refuse)('$name: $code', (vector) => {
    expect(() => openVector(vector)).toThrow(expect.objectContaining({ code: vector.code }) as Error)
  })
})
