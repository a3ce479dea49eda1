import { MemcachedClient } from '@memkeep/client'
import type { MemkeepError } from '@memkeep/core'
import { encryption, Keyring, type EncryptionOptions } from '@memkeep/encryption'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'
import { recordKey } from './names.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

/** What all three have in common. */
interface Cache {
  get(key: string): Promise<unknown>
  set(key: string, value: string): Promise<unknown>
  clear(): Promise<unknown>
  readonly errors: { readonly code?: string; readonly message: string }[]
}

let server: MemcachedServer
let namespace: string
let count = 0
const clients: MemcachedClient[] = []

beforeAll(async () => {
  server = await startMemcached('plain')
})
beforeEach(() => {
  namespace = `users${String(++count)}`
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})
afterAll(async () => {
  await server.stop()
})

function client(options: EncryptionOptions | undefined): MemcachedClient {
  const middleware = options === undefined ? [] : [encryption(options)]
  const made = new MemcachedClient({ servers: server.address, middleware, ttl: 600 })
  clients.push(made)
  return made
}

const [old, next] = [Keyring.generate(), Keyring.generate()]
const both = Keyring.fromText(`${next.exportText()} ${old.exportText()}`)

/** A new process of each kind. */
const KINDS: [string, (options?: EncryptionOptions) => Cache][] = [
  [
    'Keyv 5',
    (options) => {
      const store = new KeyvMemcached({ client: client(options), clearDelay: 0 })
      return withErrors(new Keyv({ store, namespace, ttl: 60_000 }))
    },
  ],
  [
    'Keyv 6',
    (options) => {
      const store = new ForKeyv6({ client: client(options), clearDelay: 0 })
      return withErrors(new Keyv6({ store, namespace, ttl: 60_000 }))
    },
  ],
  [
    'cache-manager',
    (options) => {
      const store = new KeyvMemcached({ client: client(options), clearDelay: 0 })
      const keyv = withErrors(new Keyv({ store, namespace, ttl: 60_000 }))
      const cache = createCache({ stores: [keyv] })
      return Object.assign(cache, { errors: keyv.errors })
    },
  ],
]

function withErrors<T extends { on(event: string, listener: (...args: unknown[]) => void): unknown }>(
  cache: T,
): T & Pick<Cache, 'errors'> {
  const errors: Cache['errors'] = []
  cache.on('error', (error) => errors.push(error as MemkeepError))
  return Object.assign(cache, { errors })
}

async function works(cache: Cache): Promise<void> {
  await cache.set('k', 'new')
  expect(await cache.get('k')).toBe('new')
  await cache.clear()
  expect((await cache.get('k')) ?? undefined).toBeUndefined()
  await cache.set('k', 'after')
  expect(await cache.get('k')).toBe('after')
}

describe.each(KINDS)('with %s, a record of the namespace', (_, start) => {
  it.each<[string, EncryptionOptions | undefined, EncryptionOptions | undefined]>([
    ['of a plain cache', undefined, { keyring: old }],
    ['sealed, in a cache that is plain again', { keyring: old }, undefined],
    ['sealed with a key that was retired or has leaked', { keyring: old }, { keyring: next }],
    ['sealed in another context', { keyring: old, context: 'a' }, { keyring: old, context: 'b' }],
    ['sealed for hidden names', { keyring: old }, { keyring: old, plainKeys: () => true }],
  ])('%s is replaced, and the cache works', async (what, before, after) => {
    await start(before).set('k', 'old')
    const cache = start(after)
    if (what !== 'sealed for hidden names') expect((await cache.get('k')) ?? undefined).toBeUndefined()
    await works(cache)
    await cache.get('l')
    const reports = cache.errors.filter(({ code }) => code === 'ERR_MEMKEEP_RECORD_UNREADABLE')
    expect(reports).toHaveLength(what === 'sealed for hidden names' ? 0 : 1)
  })

  it.each([
    '',
    'garbage',
    'with a space',
    '\r\n',
    'x'.repeat(5_000),
    'zzzzzzzzzAAAAAAAA',
    '000000000!!!!!!!!',
  ])('that is %j is replaced, and the cache works, plain and sealed', async (garbage) => {
    const plain = client(undefined)
    for (const options of [undefined, { keyring: old }]) {
      namespace = `users${String(++count)}`
      await start(options).set('k', 'old')
      await plain.set(recordKey(namespace), garbage)
      const cache = start(options)
      expect((await cache.get('k')) ?? undefined).toBeUndefined()
      await works(cache)
      expect(cache.errors.map(({ code }) => code)).toEqual(['ERR_MEMKEEP_RECORD_UNREADABLE'])
    }
  })

  it('is not replaced by an older version: what was cleared stays cleared', async () => {
    const stale = start({ keyring: old })
    const reader = start({ keyring: both })
    await stale.set('session', 'revoked')
    expect(await reader.get('session')).toBe('revoked')
    await start({ keyring: Keyring.fromText(`${next.exportText()} ${old.exportText()}`) }).clear()
    await stale.get('other')
    for (const cache of [reader, start({ keyring: both })]) {
      expect((await cache.get('session')) ?? undefined).toBeUndefined()
    }
  })

  it('that was evicted is restored by a process that knew it', async () => {
    const cache = start({ keyring: old })
    await cache.set('k', 'kept')
    await client(undefined).delete(recordKey(namespace))
    expect(await cache.get('k')).toBe('kept')
    expect(await start({ keyring: old }).get('k')).toBe('kept')
  })

  it('follows a rotation of keys: nothing is lost when the old key is retired', async () => {
    await start({ keyring: old }).set('a', 'old')
    const rotating = start({ keyring: both })
    expect(await rotating.get('a')).toBe('old')
    await rotating.set('b', 'new')
    const retired = start({ keyring: next })
    expect(await retired.get('b')).toBe('new')
    expect(retired.errors).toEqual([])
  })

  it('follows a migration from plain values: what was sealed on the way is not lost', async () => {
    const keyring = old
    const plain = start()
    await plain.set('a', 'plain')
    const first = start({ keyring, migration: 'write-plaintext' })
    expect(await first.get('a')).toBe('plain')
    await first.set('a', 'still plain')
    expect(await plain.get('a')).toBe('still plain')
    const second = start({ keyring, migration: 'read-plaintext' })
    expect(await second.get('a')).toBe('still plain')
    await second.set('b', 'sealed')
    expect(await first.get('b')).toBe('sealed')
    const strict = start({ keyring })
    expect(await strict.get('b')).toBe('sealed')
    expect([plain, first, second, strict].flatMap(({ errors }) => errors)).toEqual([])
  })

  it('is sealed and works with bindExpiry', async () => {
    const cache = start({ keyring: old, bindExpiry: true })
    await works(cache)
    expect(cache.errors).toEqual([])
    const record = await client(undefined).get(recordKey(namespace))
    expect(record?.includes(0)).toBe(true)
    expect(record?.toString()).not.toMatch(/[0-9a-z]{9}[\w-]{8}$/)
  })
})

describe.each([
  ['keys', { keyring: old }, { keyring: next }],
  ['contexts', { keyring: old, context: 'a' }, { keyring: old, context: 'b' }],
])('two services with different %s in one namespace', (_, one, other) => {
  it.each(KINDS)('of %s both keep a working cache, and both are told once', async (_kind, start) => {
    const [here, there] = [start(one), start(other)]
    for (let round = 0; round < 3; round++) {
      for (const cache of [here, there]) {
        await cache.set('k', `round ${String(round)}`)
        expect(await cache.get('k')).toBe(`round ${String(round)}`)
      }
    }
    expect(await here.get('k')).toBe('round 2')
    for (const cache of [here, there]) await works(cache)
    for (const { errors } of [here, there]) {
      expect(errors.map(({ code }) => code)).toEqual(['ERR_MEMKEEP_RECORD_UNREADABLE'])
      expect(errors[0]?.message).toContain('give it a namespace of its own')
    }
  })
})
