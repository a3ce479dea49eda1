import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { eventually, startFaultProxy, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { createCache, type Cache } from 'cache-manager'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createMemcachedCache } from './create-memcached-cache.ts'
import type { MemcachedCacheOptions } from './options.ts'

// what cache-manager's README shows, over hardened memcached; what is not there is undefined since its version 7

const keyring = Keyring.generate()
let server: MemcachedServer
let count = 0
const caches: Cache[] = []

beforeAll(async () => {
  server = await startMemcached('mutual-tls+sasl')
})

afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.disconnect()))
})

afterAll(async () => {
  await server.stop()
})

function newCache(options: Pick<MemcachedCacheOptions, 'ttl' | 'refreshThreshold' | 'memory'> = {}): Cache {
  const { address, clientTls, credentials = { username: '', password: '' } } = server
  const cache = createMemcachedCache({
    servers: address,
    transport: tls(clientTls),
    auth: sasl(credentials),
    middleware: [encryption({ keyring })],
    namespace: `documented${String(++count)}`,
    ...options,
  })
  caches.push(cache)
  return cache
}

describe.each([
  ['memcached alone', {}],
  ['memory before memcached', { memory: { max: 100, ttl: 60_000 } }],
])('%s', (_, levels) => {
  it('quick start', async () => {
    const cache = newCache({ ...levels, ttl: 10_000, refreshThreshold: 3_000 })
    expect(await cache.set('foo', 'bar')).toBe('bar')
    expect(await cache.get('foo')).toBe('bar')
    expect(await cache.del('foo')).toBe(true)
    expect(await cache.get('foo')).toBeUndefined()
    expect(await cache.wrap('key', () => 'value')).toBe('value')
  })

  it('set, mset, get, mget, ttl, del, mdel, clear', async () => {
    const cache = newCache(levels)
    await cache.set('key-1', 'value 1')
    await cache.set('key 2', 'value 2', 5_000)
    expect(await cache.mget(['key-1', 'key 2', 'key-3'])).toEqual(['value 1', 'value 2', undefined])
    await cache.mset([
      { key: 'key-1', value: 'one' },
      { key: 'key-2', value: 'two', ttl: 5_000 },
    ])
    expect(await cache.mget(['key-1', 'key-2', 'key-3'])).toEqual(['one', 'two', undefined])
    const before = Date.now()
    await cache.set('key', 'value', 60_000)
    expect(await cache.ttl('key')).toBeGreaterThanOrEqual(before + 60_000)
    expect(await cache.ttl('foo')).toBeUndefined()
    expect(await cache.del('key')).toBe(true)
    expect(await cache.mdel(['key-1', 'key-2'])).toBe(true)
    expect(await cache.mget(['key', 'key-1', 'key-2', 'key 2'])).toEqual([
      undefined,
      undefined,
      undefined,
      'value 2',
    ])
    expect(await cache.clear()).toBe(true)
    expect(await cache.get('key 2')).toBeUndefined()
  })

  it('wrap, with a threshold as a number, in an object, and as a function', async () => {
    const cache = newCache(levels)
    expect(await cache.wrap('key', () => 1, 60_000, 30_000)).toBe(1)
    expect(await cache.wrap('key', () => 2, 60_000, 30_000)).toBe(1)
    expect(await cache.wrap('key', () => 2, { ttl: 60_000, refreshThreshold: 30_000, raw: true })).toEqual({
      value: 1,
      expires: expect.any(Number) as number,
    })
    const refreshed = new Promise((resolve) => cache.on('refresh', resolve))
    // less than a minute is left from the start
    expect(
      await cache.wrap(
        'key',
        () => 2,
        60_000,
        () => 60_001,
      ),
    ).toBe(1)
    await refreshed
    expect(await cache.wrap('key', () => 3, 60_000, 30_000)).toBe(2)
    const failing = cache.wrap('error', () => {
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(await cache.get('error')).toBeUndefined()
  })

  it('wrap within wrap', async () => {
    const cache = newCache(levels)
    const inner = (): Promise<string> => cache.wrap('inner', () => 'in', 60_000)
    expect(await cache.wrap('outer', async () => `out of ${await inner()}`, 60_000)).toBe('out of in')
    expect(await cache.mget(['inner', 'outer'])).toEqual(['in', 'out of in'])
  })

  it('events', async () => {
    const cache = newCache(levels)
    const seen: unknown[] = []
    const onSet = ({ key, value }: { key: string; value: unknown }): unknown => seen.push(['set', key, value])
    cache.on('set', onSet)
    cache.on('del', ({ key }) => seen.push(['del', key]))
    cache.on('clear', (error) => seen.push(['clear', error]))
    await cache.set('key', 'value')
    await cache.del('key')
    await cache.clear()
    cache.off('set', onSet)
    await cache.set('key', 'value')
    for (const event of [
      ['set', 'key', 'value'],
      ['del', 'key'],
      ['clear', undefined],
    ]) {
      expect(seen).toContainEqual(event)
    }
    expect(seen.at(-1)).toEqual(['clear', undefined])
  })

  it('properties: stores, in their order, and an identity of its own', async () => {
    const [one, other] = [newCache(levels), newCache(levels)]
    expect(one.cacheId()).not.toBe(other.cacheId())
    await one.set('key', 'value')
    expect(one.stores).toHaveLength('memory' in levels ? 2 : 1)
    for (const store of one.stores) expect(await store.get('key')).toBe('value')
    // which keeps those who wrap the same key at the same time apart
    const answers = await Promise.all([
      one.wrap('same', () => 1, 60_000),
      other.wrap('same', () => 2, 60_000),
    ])
    expect(answers).toEqual([1, 2])
  })
})

describe('wrap', () => {
  it('computes again for those who come after a failure, and fails for all who asked at once', async () => {
    const cache = newCache()
    let computed = 0
    const fail = (): never => {
      computed++
      throw new Error('failed')
    }
    const asked = await Promise.allSettled(Array.from({ length: 50 }, () => cache.wrap('key', fail)))
    expect(asked.every(({ status }) => status === 'rejected')).toBe(true)
    expect(computed).toBe(1)
    expect(await cache.wrap('key', () => 'well', 60_000)).toBe('well')
  })
})

describe('disconnect', () => {
  it('closes every connection, twice too', async () => {
    await using plain = await startMemcached('plain')
    const proxy = await startFaultProxy(plain)
    const cache = createMemcachedCache({ servers: proxy.address, memory: { max: 10, ttl: 1_000 } })
    await Promise.all(Array.from({ length: 50 }, (_, index) => cache.set(`k${String(index)}`, index)))
    expect(proxy.open).toBeGreaterThan(0)
    await cache.disconnect()
    await cache.disconnect()
    await eventually(() => {
      expect(proxy.open).toBe(0)
    })
    await proxy.close()
  })
})

describe('several stores', () => {
  it('of which ours is one', async () => {
    const [store] = newCache().stores
    if (store === undefined) throw new Error('no store')
    const cache = createCache({ stores: [store], nonBlocking: true })
    await cache.set('key', 'value', 60_000)
    await eventually(async () => {
      expect(await cache.get('key')).toBe('value')
    })
  })
})
