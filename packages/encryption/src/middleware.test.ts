import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { composeMiddleware, MemkeepError } from '@memkeep/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encryption, ENCRYPTION_FAILURE_CHANNEL, Keyring, type EncryptionFailure } from './index.ts'

const keyring = Keyring.generate()
const entry = { key: 'user:1', value: Buffer.from('a private value'), flags: 5 }

const failures: EncryptionFailure[] = []
function collect(message: unknown): void {
  failures.push(message as EncryptionFailure)
}

beforeEach(() => {
  failures.length = 0
  subscribe(ENCRYPTION_FAILURE_CHANNEL, collect)
})

afterEach(() => {
  unsubscribe(ENCRYPTION_FAILURE_CHANNEL, collect)
})

test('seals on the way down and opens on the way back, key and flags unchanged', () => {
  const layer = encryption({ keyring, context: 'shop' })
  expect(layer.name).toBe('encryption')
  const stored = layer.encode(entry)
  expect(stored).toMatchObject({ key: entry.key, flags: entry.flags })
  expect(stored.value.includes('private')).toBe(false)
  expect(layer.decode(stored)).toMatchObject(entry)
  expect(failures).toEqual([])
})

test('in a pipeline, the value that comes back is the caller’s own memory', () => {
  const pipeline = composeMiddleware([encryption({ keyring })])
  expect(pipeline.wireKey('user:1')).toBe('user:1')
  const stored = pipeline.encode(entry)
  const received = Buffer.concat([Buffer.from('VALUE '), stored.value])
  const opened = pipeline.decode({ ...stored, value: received.subarray(6) })
  received.fill(0)
  expect(opened).toEqual(entry.value)
})

describe('a value that does not open', () => {
  const stored = encryption({ keyring }).encode(entry)
  const other = Keyring.generate()
  const cases = [
    ['ERR_MEMKEEP_ENVELOPE_FOREIGN', { ...entry }, undefined],
    ['ERR_MEMKEEP_ENVELOPE_TRUNCATED', { ...stored, value: stored.value.subarray(0, 8) }, undefined],
    ['ERR_MEMKEEP_ENVELOPE_TRUNCATED', { ...stored, value: stored.value.subarray(0, 40) }, keyring.primaryId],
    [
      'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
      { ...stored, value: Buffer.from(stored.value).fill(2, 2, 3) },
      undefined,
    ],
    ['ERR_MEMKEEP_UNKNOWN_KEY_ID', encryption({ keyring: other }).encode(entry), other.primaryId],
    ['ERR_MEMKEEP_DECRYPT_FAILED', { ...stored, key: 'user:2' }, keyring.primaryId],
  ] as const

  test.each(cases)('%s is a miss and told', (code, found, keyId) => {
    expect(encryption({ keyring }).decode(found)).toBeUndefined()
    expect(failures).toHaveLength(1)
    const [failure] = failures
    expect(failure).toMatchObject({ code, keyId })
    expect(Object.keys(failure ?? {})).toEqual(['code', 'keyId', 'message'])
    expect(inspect(failure)).not.toMatch(/user:|private/)
  })

  test.each(cases)('%s is thrown and told, if asked for', (code, found, keyId) => {
    const layer = encryption({ keyring, onFailure: 'throw' })
    let thrown: unknown
    try {
      layer.decode(found)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(MemkeepError)
    expect(thrown).toMatchObject({ code })
    expect(failures).toMatchObject([{ code, keyId }])
  })
})

describe('wrong options', () => {
  test.each([
    ['none', undefined],
    ['no keyring', {}],
    ['a keyring in the place of the options', keyring],
    ['a keyring that is text', { keyring: keyring.exportText() }],
    ['an unknown option', { keyring, onFailures: 'throw' }],
    ['a wrong migration', { keyring, migration: 'lenient' }],
    ['a wrong keyNames', { keyring, keyNames: 'hidden' }],
    ['a null keyNames', { keyring, keyNames: null }],
    ['a wrong rewrap', { keyring, rewrap: 1 }],
    ['plainKeys that is no function', { keyring, plainKeys: ['counter'] }],
    ['a migration with expiries required', { keyring, migration: 'read-plaintext', bindExpiry: 'required' }],
    ['a migration to hidden names', { keyring, migration: 'read-plaintext', keyNames: 'hmac' }],
    ['a wrong onFailure', { keyring, onFailure: 'serve' }],
    ['a null onFailure', { keyring, onFailure: null }],
    ['a wrong context', { keyring, context: Buffer.from('a') }],
  ])('%s', (_, options) => {
    expect(() => encryption(options as never)).toThrow(TypeError)
  })

  test('no message repeats the key text', () => {
    const text = keyring.exportText()
    for (const options of [text, { keyring: text }, { keyring, context: Buffer.from(text) }]) {
      expect(() => encryption(options as never)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(text.slice(15, 30)) as unknown }),
      )
    }
  })
})

test('newSession of the middleware starts under a new salt', () => {
  const layer = encryption({ keyring })
  const before = layer.encode(entry)
  layer.newSession()
  const after = layer.encode(entry)
  expect(after.value.subarray(9, 25)).not.toEqual(before.value.subarray(9, 25))
  expect(layer.decode(before)).toMatchObject(entry)
})

test('an entry that cannot be sealed throws', () => {
  const pipeline = composeMiddleware([encryption({ keyring })])
  for (const wrong of [{ value: 'text' }, { flags: -1 }, { flags: 2 ** 40 }, { key: undefined }]) {
    expect(() => pipeline.encode({ ...entry, ...wrong } as never)).toThrow()
  }
})
