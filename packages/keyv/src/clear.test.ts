import { MemcachedClient } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namespaceName, recordKey } from './names.ts'
import { KeyvMemcached } from './keyv-memcached.ts'

let server: MemcachedServer
let client: MemcachedClient
let count = 0

beforeAll(async () => {
  server = await startMemcached('plain')
  client = new MemcachedClient({
    servers: server.address,
    middleware: [encryption({ keyring: Keyring.generate() })],
  })
})

afterAll(async () => {
  await client.close()
  await server.stop()
})

const keyv = (namespace: string | undefined, options: object = {}): Keyv => {
  const cache = new Keyv({
    store: new KeyvMemcached({ client, clearDelay: 0, ...options }),
    throwOnErrors: true,
    useKeyPrefix: true,
  })
  cache.namespace = namespace
  return cache
}
const newNamespace = (): string => `clear${String(++count)}`

describe('clear', () => {
  it('empties its namespace and no other', async () => {
    const [one, other] = [keyv(newNamespace()), keyv(newNamespace())]
    await one.set('k', 1)
    await other.set('k', 2)
    await client.set('plain', 'x')
    await one.clear()
    expect(await one.get('k')).toBeUndefined()
    expect(await other.get('k')).toBe(2)
    expect((await client.get('plain'))?.toString()).toBe('x')
    await one.set('k', 3)
    expect(await one.get('k')).toBe(3)
  })

  it('is noticed by others of the same namespace', async () => {
    const namespace = newNamespace()
    const [here, there] = [keyv(namespace), keyv(namespace)]
    await here.set('k', 1)
    expect(await there.get('k')).toBe(1)
    await there.clear()
    expect(await here.get('k')).toBeUndefined()
    await here.set('k', 2)
    expect(await there.get('k')).toBe(2)
  })

  it('is noticed late by who asks seldom, and at once by itself', async () => {
    const namespace = newNamespace()
    const [here, there] = [keyv(namespace, { clearDelay: 60_000 }), keyv(namespace)]
    await here.set('k', 1)
    await there.clear()
    expect(await there.get('k')).toBeUndefined()
    expect(await here.get('k')).toBe(1)
    await here.clear()
    expect(await here.get('k')).toBeUndefined()
  })

  it('brings nothing back when memcached evicts the record', async () => {
    const namespace = newNamespace()
    const cache = keyv(namespace)
    await cache.set('k', 1)
    await cache.clear()
    expect(await client.delete(recordKey(namespaceName(namespace)))).toBe(true)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('creates one version, however many read at once', async () => {
    const namespace = newNamespace()
    const caches = Array.from({ length: 8 }, () => keyv(namespace))
    await Promise.all(caches.map((cache, index) => cache.set(`k${String(index)}`, index)))
    for (const cache of caches) {
      expect(await cache.getMany(caches.map((_, index) => `k${String(index)}`))).toEqual([
        0, 1, 2, 3, 4, 5, 6, 7,
      ])
    }
  })

  it('flushes the servers only without a namespace, and only when told', async () => {
    const refusing = keyv(undefined)
    await client.set('plain', 'x')
    await expect(refusing.clear()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION' })
    expect(await client.get('plain')).toBeDefined()
    await keyv(undefined, { allowFlush: true }).clear()
    expect(await client.get('plain')).toBeUndefined()
  })

  it('with onServerDown: miss, reads miss and clear() rejects while the server is down', async () => {
    const store = new KeyvMemcached({ servers: '127.0.0.1:1', onServerDown: 'miss', namespace: 'n' })
    expect(await store.get('k')).toBeUndefined()
    expect(await store.set('k', 'x')).toBe(false)
    expect(await store.getMany(['a', 'b'])).toEqual([undefined, undefined])
    // a clear() that did not happen is no success
    await expect(store.clear()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_SERVER_DOWN' })
    await store.disconnect()
  })
})

describe('the options', () => {
  it('are checked', () => {
    const make = (options: object) => (): KeyvMemcached =>
      new KeyvMemcached({ servers: server.address, ...options })
    expect(make({ clearDelay: -1 })).toThrow(RangeError)
    expect(make({ namespace: 7 })).toThrow('"namespace" must be a string')
    expect(make({ allowFlush: 'yes' })).toThrow('"allowFlush"')
    expect(make({ ttl: 5 })).toThrow('in milliseconds')
    expect(make({ client })).toThrow('"servers" and "client" exclude each other')
    expect(make({ servers: undefined, client: {} })).toThrow(TypeError)
    expect(make({ unknown: 1 })).toThrow('unknown')
  })

  it('leave a client that was handed in to its owner', async () => {
    await new KeyvMemcached({ client }).disconnect()
    expect((await client.version()).size).toBe(1)
  })
})
