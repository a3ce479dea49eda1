import { MemcachedClient } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startFaultServer, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import type { Cache } from 'cache-manager'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createMemcachedCache } from './create-memcached-cache.ts'
import type { MemcachedCacheOptions } from './options.ts'

let server: MemcachedServer
let client: MemcachedClient
let count = 0
const caches: Cache[] = []

beforeAll(async () => {
  server = await startMemcached('mutual-tls+sasl')
  if (server.credentials === undefined) throw new Error('no credentials')
  client = new MemcachedClient({
    servers: server.address,
    transport: tls(server.clientTls),
    auth: sasl(server.credentials),
    middleware: [encryption({ keyring: Keyring.generate() })],
  })
})

afterAll(async () => {
  await Promise.all(caches.map((cache) => cache.disconnect()))
  await client.close()
  await server.stop()
})

afterEach(() => {
  vi.restoreAllMocks()
})

type Own = Omit<MemcachedCacheOptions, 'client' | 'servers'>

function newCache(options: Own = {}): Cache {
  const cache = createMemcachedCache({ client, namespace: `test${String(++count)}`, ...(options as object) })
  caches.push(cache)
  return cache
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate)
}

describe.each([
  ['memcached alone', {}],
  ['memory before memcached', { memory: { max: 100, ttl: 10_000 } }],
])('%s', (_, levels) => {
  it('sets, gets, deletes, one and many', async () => {
    const cache = newCache(levels)
    expect(await cache.set('foo', 'bar', 60_000)).toBe('bar')
    expect(await cache.get('foo')).toBe('bar')
    expect(await cache.get('absent')).toBeUndefined()
    expect(await cache.del('foo')).toBe(true)
    expect(await cache.get('foo')).toBeUndefined()
    await cache.mset<unknown>([
      { key: 'a', value: 1 },
      { key: 'b', value: { deep: [2] }, ttl: 60_000 },
    ])
    expect(await cache.mget(['a', 'absent', 'b'])).toEqual([1, undefined, { deep: [2] }])
    expect(await cache.mdel(['a', 'b'])).toBe(true)
    expect(await cache.mget(['a', 'b'])).toEqual([undefined, undefined])
  })

  it('keeps falsy values and Buffers', async () => {
    const cache = newCache(levels)
    for (const value of [0, '', false, Buffer.from([0, 255])]) {
      await cache.set('k', value)
      expect(await cache.get('k')).toEqual(value)
    }
  })

  it('tells when an item ends, and ends it', async () => {
    const cache = newCache({ ...levels, ttl: 5_000 })
    const before = Date.now()
    await cache.set('k', 1)
    const end = await cache.ttl('k')
    expect(end).toBeGreaterThanOrEqual(before + 5_000)
    expect(end).toBeLessThanOrEqual(Date.now() + 5_000)
    await cache.set('short', 1, 30)
    await until(async () => (await cache.get('short')) === undefined)
  })

  it('wraps', async () => {
    const cache = newCache(levels)
    const compute = vi.fn(() => ({ n: 1 }))
    for (let turn = 0; turn < 3; turn++) expect(await cache.wrap('w', compute, 60_000)).toEqual({ n: 1 })
    expect(compute).toHaveBeenCalledOnce()
    expect(
      await cache.wrap(
        'own ttl',
        () => 50,
        (value) => value * 1_000,
      ),
    ).toBe(50)
    expect(await cache.ttl('own ttl')).toBeLessThanOrEqual(Date.now() + 50_000)
    expect(await cache.wrap('raw', () => 7, { ttl: 60_000, raw: true })).toMatchObject({ value: 7 })
  })

  it('computes once for many who ask at once', async () => {
    const cache = newCache(levels)
    let computed = 0
    const compute = async (): Promise<number> => {
      await new Promise(setImmediate)
      return ++computed
    }
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => cache.wrap('hot', compute, 60_000)))
    expect(new Set(answers)).toEqual(new Set([1]))
    expect(computed).toBe(1)
  })

  it('computes anew in the background what ends soon', async () => {
    const cache = newCache({ ...levels, ttl: 60_000, refreshThreshold: 61_000 })
    let computed = 0
    const compute = (): number => ++computed
    expect(await cache.wrap('r', compute)).toBe(1)
    const refreshed = new Promise((resolve) => cache.on('refresh', resolve))
    expect(await cache.wrap('r', compute)).toBe(1)
    expect(await refreshed).toEqual({ key: 'r', value: 2 })
    expect(await cache.stores.at(-1)?.get('r')).toBe(2)
  })

  it('clears what is its own', async () => {
    const [one, other] = [newCache(levels), newCache(levels)]
    await one.set('k', 1)
    await other.set('k', 2)
    expect(await one.clear()).toBe(true)
    expect([await one.get('k'), await other.get('k')]).toEqual([undefined, 2])
  })

  it('emits the events of cache-manager', async () => {
    const cache = newCache(levels)
    const seen: unknown[] = []
    cache.on('set', ({ key }) => seen.push(['set', key]))
    cache.on('del', ({ key }) => seen.push(['del', key]))
    await cache.set('k', 1)
    await cache.del('k')
    expect(seen).toContainEqual(['set', 'k'])
    expect(seen.at(-1)).toEqual(['del', 'k'])
  })
})

describe('the level in memory', () => {
  it('answers without memcached, and keeps nothing for longer than it may', async () => {
    const namespace = `test${String(++count)}`
    const here = createMemcachedCache({ client, namespace, memory: { max: 10, ttl: 50 } })
    const there = createMemcachedCache({ client, namespace })
    await here.set('k', 'old', 60_000)
    await there.set('k', 'new', 60_000)
    expect(await there.get('k')).toBe('new')
    await until(async () => (await here.get('k')) === 'new')
    expect(here.stores).toHaveLength(2)
    expect(await here.stores[0]?.get('k')).toBeUndefined()
  })

  it('holds so many items and no more', async () => {
    const cache = newCache({ memory: { max: 2, ttl: 60_000 } })
    for (const key of ['a', 'b', 'c']) await cache.set(key, key)
    expect(await cache.stores[0]?.get(['a', 'b', 'c'])).toEqual([undefined, 'b', 'c'])
    expect(await cache.mget(['a', 'b', 'c'])).toEqual(['a', 'b', 'c'])
  })

  it('is not changed by who changes what he got', async () => {
    const cache = newCache({ memory: { max: 10, ttl: 60_000 } })
    await cache.set('k', { n: 1 })
    const got = await cache.get<{ n: number }>('k')
    if (got !== undefined) got.n = 2
    expect(await cache.get('k')).toEqual({ n: 1 })
  })

  it('is filled by wrap from memcached', async () => {
    const namespace = `test${String(++count)}`
    await createMemcachedCache({ client, namespace }).set('k', 'there', 60_000)
    const cache = createMemcachedCache({ client, namespace, memory: { max: 10, ttl: 60_000 } })
    expect(await cache.wrap('k', () => 'computed', 60_000)).toBe('there')
    expect(await cache.stores[0]?.get('k')).toBe('there')
  })
})

describe('without its servers', () => {
  it('goes on as an empty cache, and tells', async () => {
    const onError = vi.fn()
    const cache = createMemcachedCache({ servers: '127.0.0.1:1', onError })
    expect(await cache.wrap('k', () => 'computed', 1_000)).toBe('computed')
    expect(await cache.get('k')).toBeUndefined()
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_MEMKEEP_CONNECT_FAILED' }))
    await cache.disconnect()
  })

  it('warns once when nobody else is told', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const cache = createMemcachedCache({ servers: '127.0.0.1:1' })
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.get('k')).toBeUndefined()
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('onError'),
      expect.objectContaining({ code: 'MEMKEEP_CACHE_DEGRADED' }),
    )
    await cache.disconnect()
  })
})

describe('disconnect', () => {
  it('closes what was opened here, and nothing else', async () => {
    const plain = await startMemcached('plain')
    const onError = vi.fn()
    const cache = createMemcachedCache({ servers: plain.address, memory: { max: 1, ttl: 1_000 }, onError })
    await cache.set('k', 1)
    await cache.disconnect()
    expect(await cache.stores[1]?.get('k')).toBeUndefined()
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_MEMKEEP_CLOSED' }))
    await newCache().disconnect()
    expect((await client.version()).size).toBe(1)
    await plain.stop()
  })
})

describe('the options', () => {
  it('are checked', () => {
    const make = (options: object) => (): Cache =>
      createMemcachedCache({ servers: '127.0.0.1:1', ...options })
    expect(make({ ttl: 0 })).toThrow('"ttl"')
    expect(make({ refreshThreshold: -1 })).toThrow('"refreshThreshold"')
    expect(make({ memory: { max: 0, ttl: 1 } })).toThrow('"memory.max"')
    expect(make({ memory: { max: 1 } })).toThrow('"memory.ttl"')
    expect(make({ memory: { max: 1, ttl: 1, size: 1 } })).toThrow('"size"')
    expect(make({ onError: 'log' })).toThrow('"onError"')
    expect(make({ nonsense: 1 })).toThrow('nonsense')
  })
})

describe('createMemcachedCache', () => {
  it('takes the servers before the options or among them', async () => {
    await using plain = await startMemcached('plain')
    const options = { namespace: 'forms' }
    const made = [
      createMemcachedCache(plain.address, options),
      createMemcachedCache([plain.address], options),
      createMemcachedCache({ servers: plain.address, ...options }),
    ]
    await made[0]?.set('k', 1)
    expect(await Promise.all(made.map((cache) => cache.get('k')))).toEqual([1, 1, 1])
    await Promise.all(made.map((cache) => cache.disconnect()))
  })

  it('says what it needs', () => {
    const untyped = createMemcachedCache as (...given: unknown[]) => unknown
    expect(() => untyped()).toThrow(
      "createMemcachedCache needs servers: createMemcachedCache('localhost:11211')",
    )
    expect(() => untyped({ servers: 'h' }, {})).toThrow('not two objects of options')
    expect(() => untyped('h', 60_000)).toThrow('options must be an object')
  })
})

describe('a server that accepts connections and answers nothing', () => {
  it('holds up one call for a second, by default, and then none', async () => {
    await using hole = await startFaultServer(() => undefined)
    const errors: { readonly code: string; readonly message: string }[] = []
    const cache = createMemcachedCache({
      servers: hole.address,
      // only calls are to be measured, not attempts to connect
      connectTimeout: 60_000,
      onError: (error) => errors.push(error as (typeof errors)[number]),
    })
    for (let call = 0; call < 5; call++) expect(await cache.wrap(`k${String(call)}`, () => call)).toBe(call)
    const late = errors.filter(({ code }) => code === 'ERR_MEMKEEP_COMMAND_TIMEOUT')
    expect(late).toHaveLength(1)
    expect(late[0]?.message).toContain('within 1000 ms')
    expect(new Set(errors.map(({ code }) => code))).toEqual(
      new Set(['ERR_MEMKEEP_COMMAND_TIMEOUT', 'ERR_MEMKEEP_SERVER_DOWN']),
    )
    await cache.disconnect()
  })
})
