import { MemcachedClient } from '@memkeep/client'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createKeyv } from './create-keyv.ts'
import { KeyvMemcached } from './keyv-memcached.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

let server: MemcachedServer

beforeAll(async () => {
  server = await startMemcached('plain')
})

afterAll(async () => {
  await server.stop()
})

afterEach(() => {
  vi.doUnmock('keyv')
  vi.resetModules()
})

describe('createKeyv', () => {
  it('makes a Keyv 5 where that is installed', async () => {
    const cache = createKeyv(`memcached://${server.address}`, {
      namespace: 'users',
      ttl: 60_000,
      throwOnErrors: true,
    })
    expect(cache).toBeInstanceOf(Keyv)
    expect(cache.store).toBeInstanceOf(KeyvMemcached)
    expect([cache.namespace, cache.ttl, cache.throwOnErrors]).toEqual(['users', 60_000, true])
    await cache.set('k', { deep: 1 })
    expect(await cache.get('k')).toEqual({ deep: 1 })
    await cache.disconnect()
  })

  it('makes a Keyv 6 where that is installed', async () => {
    vi.doMock('keyv', () => import('keyv6'))
    vi.resetModules()
    const { createKeyv: create } = await import('./create-keyv.ts')
    const { KeyvMemcached: Store } = await import('./v6.ts')
    const cache = create(server.address, { namespace: 'users6', ttl: 60_000 })
    expect(cache).toBeInstanceOf(Keyv6)
    expect(cache.store).toBeInstanceOf(Store)
    expect(Store.name).toBe(ForKeyv6.name)
    await cache.set('k', { deep: 1 })
    expect(await cache.get('k')).toEqual({ deep: 1 })
    await cache.disconnect()
  })

  it('takes the servers before the options or among them, or a client', async () => {
    const client = new MemcachedClient({ servers: server.address })
    const options = { namespace: 'forms' }
    const caches = [
      createKeyv(server.address, options),
      createKeyv([{ host: server.host, port: server.port }], options),
      createKeyv({ host: server.host, port: server.port }, options),
      createKeyv({ servers: server.address, ...options }),
      createKeyv({ client, ...options }),
    ]
    await caches[0]?.set('k', 1)
    expect(await Promise.all(caches.map((cache) => cache.get('k')))).toEqual([1, 1, 1, 1, 1])
    await Promise.all(caches.map((cache) => cache.disconnect()))
    await client.close()
  })

  it('says what it needs', () => {
    const untyped = createKeyv as (...given: unknown[]) => unknown
    expect(() => untyped()).toThrow("createKeyv needs servers: createKeyv('localhost:11211')")
    expect(() => untyped(null)).toThrow('needs servers')
    expect(() => untyped({ servers: 'h' }, {})).toThrow('not two objects of options')
    expect(() => untyped({ namespace: 'users' })).toThrow(TypeError)
    expect(() => untyped('h', 7)).toThrow('options must be an object')
  })
})
