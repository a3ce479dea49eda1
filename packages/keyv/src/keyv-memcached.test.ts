import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { CHANNEL_NAMES } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'

let server: MemcachedServer
let store: KeyvMemcached
let namespace = 0

beforeAll(async () => {
  server = await startMemcached('mutual-tls+sasl')
  if (server.credentials === undefined) throw new Error('no credentials')
  store = new KeyvMemcached({
    servers: server.address,
    transport: tls(server.clientTls),
    auth: sasl(server.credentials),
    middleware: [encryption({ keyring: Keyring.generate() })],
  })
})

afterAll(async () => {
  await store.disconnect()
  await server.stop()
})

beforeEach(() => {
  namespace++
})

/** A Keyv of the test's own over the one hardened store, which throws what goes wrong. */
const keyv = (): Keyv => new Keyv({ store, namespace: `test${String(namespace)}`, throwOnErrors: true })

/** Waits until a value is gone; the test's own timeout is the limit. */
async function untilGone(read: () => Promise<unknown>): Promise<void> {
  while ((await read()) !== undefined) await new Promise(setImmediate)
}

describe('Keyv over all three layers', () => {
  it('sets, gets and deletes what Keyv can serialize', async () => {
    const cache = keyv()
    const values = { text: 'häßlich', number: 7, nothing: null, list: [1, { deep: true }], empty: '' }
    for (const [key, value] of Object.entries(values)) {
      expect(await cache.set(key, value)).toBe(true)
      expect(await cache.get(key)).toEqual(value)
    }
    await cache.set('bytes', Buffer.from([0, 255]))
    expect(await cache.get('bytes')).toEqual(Buffer.from([0, 255]))
    expect(await cache.get('absent')).toBeUndefined()
    expect(await cache.delete('text')).toBe(true)
    expect(await cache.delete('text')).toBe(false)
    expect(await cache.get('text')).toBeUndefined()
  })

  it('reads and deletes many at once', async () => {
    const cache = keyv()
    await Promise.all(['a', 'b', 'c'].map((key) => cache.set(key, key)))
    expect(await cache.get(['a', 'absent', 'c'])).toEqual(['a', undefined, 'c'])
    expect(await cache.delete(['a', 'b'])).toBe(true)
    expect(await cache.get(['a', 'b', 'c'])).toEqual([undefined, undefined, 'c'])
  })

  it('stores many at once, and tells which', async () => {
    const cache = keyv()
    expect(
      await cache.setMany([
        { key: 'a', value: 1 },
        { key: 'b', value: 2, ttl: -1 },
      ]),
    ).toEqual([true, true])
    expect(await cache.hasMany(['a', 'b'])).toEqual([true, false])
    expect(await cache.deleteMany(['a', 'b'])).toBe(false)
    const errors: unknown[] = []
    const onError = (error: unknown): unknown => errors.push(error)
    store.on('error', onError)
    expect(
      await store.setMany([
        { key: 'a', value: 'text' },
        { key: 'b', value: 7 },
      ]),
    ).toEqual([true, false])
    expect(errors).toEqual([expect.any(TypeError)])
    store.off('error', onError)
  })

  it('asks for many in one round trip', async () => {
    const cache = keyv()
    const keys = Array.from({ length: 100 }, (_, index) => `k${String(index)}`)
    await cache.setMany(keys.map((key) => ({ key, value: key })))
    const asked: unknown[] = []
    const channel = `tracing:${CHANNEL_NAMES.command}:start`
    const listener = (message: unknown): unknown => asked.push(message)
    subscribe(channel, listener)
    expect(await cache.getMany(keys)).toEqual(keys)
    unsubscribe(channel, listener)
    expect(asked).toEqual([expect.objectContaining({ operation: 'getMany', keyCount: 100 })])
  })

  it('keeps namespaces apart', async () => {
    const [one, other] = ['one', 'other'].map((name) => new Keyv({ store, namespace: name }))
    await one?.set('k', 1)
    await other?.set('k', 2)
    expect([await one?.get('k'), await other?.get('k')]).toEqual([1, 2])
  })

  it('keeps whatever string is a key', async () => {
    const cache = keyv()
    const keys = [
      'a b',
      'a\r\nflush_all\r\n',
      'ü'.repeat(300),
      'k'.repeat(1_000),
      '',
      '\ud800',
      '\udfff',
      '😀',
      'sha256-',
    ]
    await cache.setMany(keys.map((key, value) => ({ key, value })))
    expect(await cache.getMany(keys)).toEqual(keys.map((_, value) => value))
    for (const [value, key] of keys.entries()) expect(await cache.get(key)).toBe(value)
  })

  it('refuses a value that is no text', async () => {
    await expect(store.set('k', { raw: true })).rejects.toThrow(TypeError)
    await expect(store.set('k', 'x', Number.NaN)).rejects.toThrow(RangeError)
  })

  it('emits what goes wrong as Keyv does', async () => {
    const broken = new Keyv({ store: new KeyvMemcached({ servers: '127.0.0.1:1' }) })
    const errors: unknown[] = []
    broken.on('error', (error) => errors.push(error))
    expect(await broken.get('k')).toBeUndefined()
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_MEMKEEP_CONNECT_FAILED' })
    await broken.disconnect()
  })

  it('prints no secret', () => {
    expect(JSON.stringify(store)).not.toContain(server.credentials?.password)
  })
})

describe('cache-manager over all three layers', () => {
  it('sets, gets, expires, deletes, wraps', async () => {
    const cache = createCache({ stores: [keyv()] })
    await cache.set('k', { deep: [1] }, 60_000)
    expect(await cache.get('k')).toEqual({ deep: [1] })
    await cache.set('short', 'x', 50)
    await untilGone(() => cache.get('short'))
    await cache.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    expect(await cache.mget(['a', 'b', 'absent'])).toEqual([1, 2, undefined])
    expect(await cache.del('k')).toBe(true)
    expect(await cache.get('k')).toBeUndefined()
    let computed = 0
    for (let turn = 0; turn < 2; turn++) expect(await cache.wrap('w', () => ++computed, 60_000)).toBe(1)
  })
})

describe('unref and ref', () => {
  it('say whether the connections of the adapter keep the process alive', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    await using memcached = await startMemcached('plain')
    const store = new KeyvMemcached({ servers: memcached.address, namespace: 'n' })
    await store.set('k', 'v')
    const held = sockets()
    expect(store.unref()).toBe(store)
    expect(sockets()).toBe(held - 1)
    expect(store.ref()).toBe(store)
    expect(sockets()).toBe(held)
    await store.disconnect()
  })
})
