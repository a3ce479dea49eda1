import { MemcachedClient } from '@memkeep/client'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { createCache } from 'cache-manager'
import { Keyv, type KeyvOptions } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'
import { keyName, recordKey } from './names.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

let server: MemcachedServer
let client: MemcachedClient
const warnings: Error[] = []
const onWarning = (warning: Error): unknown => warnings.push(warning)

beforeAll(async () => {
  server = await startMemcached('plain')
  client = new MemcachedClient({ servers: server.address })
  process.on('warning', onWarning)
})
afterEach(async () => {
  warnings.length = 0
  await client.dangerouslyFlushAll()
})
afterAll(async () => {
  process.off('warning', onWarning)
  await client.close()
  await server.stop()
})

/** A Keyv 5 with that namespace, undefined too, which frameworks pass. */
function newKeyv(store: KeyvMemcached, namespace: string | undefined): Keyv {
  return new Keyv({ store, namespace } as KeyvOptions)
}

/** What Keyv 5 and 6 have in common. */
interface Cache {
  get(key: string): Promise<unknown>
  set(key: string, value: string): Promise<unknown>
  clear(): Promise<void>
}

/** Process warnings are emitted in a later turn. */
async function warned(): Promise<readonly string[]> {
  await new Promise(setImmediate)
  return warnings.map(({ message }) => message)
}

describe('the option namespace', () => {
  it.each<[string, (namespace: string) => Cache]>([
    ['5', (namespace) => new Keyv({ store: new KeyvMemcached({ client, namespace }) })],
    ['6', (namespace) => new Keyv6({ store: new ForKeyv6({ client, namespace }) })],
    [
      '5 with namespace: undefined',
      (namespace) => newKeyv(new KeyvMemcached({ client, namespace }), undefined),
    ],
  ])('holds with Keyv %s', async (_, make) => {
    const [users, posts] = [make('users'), make('posts')]
    await users.set('1', 'a user')
    await posts.set('1', 'a post')
    expect(await users.get('1')).toBe('a user')
    await users.clear()
    expect([await users.get('1'), await posts.get('1')]).toEqual([undefined, 'a post'])
    expect(await make('users').get('1')).toBeUndefined()
    expect(await warned()).toEqual([])
  })

  it('holds beside that of Keyv', async () => {
    const make = (namespace: string, own: string): Keyv =>
      new Keyv({ store: new KeyvMemcached({ client, namespace }), namespace: own })
    const caches = [make('a', 'x'), make('a', 'y'), make('b', 'x'), make('b', 'y')] as const
    for (const [index, cache] of caches.entries()) await cache.set('k', index)
    await caches[1].clear()
    expect(await Promise.all(caches.map((cache) => cache.get('k')))).toEqual([0, undefined, 2, 3])
  })
})

describe('several Keyvs on one adapter', () => {
  it('each have their own values', async () => {
    const store = new KeyvMemcached({ client })
    const [users, posts] = [new Keyv({ store, namespace: 'users' }), new Keyv({ store, namespace: 'posts' })]
    await users.set('1', 'a user')
    await posts.set('1', 'a post')
    expect([await users.get('1'), await posts.get('1')]).toEqual(['a user', 'a post'])
    await new Keyv({ store: new KeyvMemcached({ client }), namespace: 'users' }).clear()
    const later = new KeyvMemcached({ client, clearDelay: 0 })
    expect(await new Keyv({ store: later, namespace: 'users' }).get('1')).toBeUndefined()
    expect(await new Keyv({ store: later, namespace: 'posts' }).get('1')).toBe('a post')
  })

  it('clear nothing rather than the wrong one, and say so', async () => {
    const store = new KeyvMemcached({ client })
    const [users, posts] = [new Keyv({ store, namespace: 'users' }), new Keyv({ store, namespace: 'posts' })]
    const errors: unknown[] = []
    users.on('error', (error: unknown) => errors.push(error))
    await users.set('1', 'a user')
    await posts.set('1', 'a post')
    await users.clear()
    expect([await users.get('1'), await posts.get('1')]).toEqual(['a user', 'a post'])
    expect(errors).toMatchObject([{ code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION' }])
    expect(await warned()).toEqual([expect.stringContaining('give each Keyv an adapter of its own')])
  })

  it('are refused where their keys begin alike', () => {
    for (const [first, second] of [
      ['user', 'user:session'],
      ['user:admin', 'user'],
      ['user', undefined],
      [undefined, 'user'],
    ]) {
      const store = new KeyvMemcached({ client })
      newKeyv(store, first)
      expect(() => newKeyv(store, second)).toThrow('give each Keyv an adapter of its own')
    }
    const store = new KeyvMemcached({ client })
    const make = (): Keyv => new Keyv({ store, namespace: 'same' })
    expect([make(), make(), make()]).toHaveLength(3)
  })

  it('are as many as there are, without a warning about listeners', async () => {
    const store = new KeyvMemcached({ client })
    for (let index = 0; index < 12; index++) new Keyv({ store, namespace: `n${String(index)}` })
    expect(await warned()).toEqual([])
  })

  it('may be one that changes its namespace', async () => {
    const cache = new Keyv({ store: new KeyvMemcached({ client }) })
    cache.namespace = 'users'
    await cache.set('k', 1)
    await cache.clear()
    expect(await cache.get('k')).toBeUndefined()
    cache.namespace = 'users:more'
    await cache.set('k', 2)
    expect(await cache.get('k')).toBe(2)
    expect(await warned()).toEqual([])
  })
})

describe('clear() without a namespace', () => {
  it('warns once, since Keyv reports success without a listener', async () => {
    const cache = createCache({
      stores: [newKeyv(new KeyvMemcached({ client }), undefined)],
    })
    await cache.set('k', 1)
    await cache.clear()
    await cache.clear()
    expect(await cache.get('k')).toBe(1)
    expect(await warned()).toEqual([expect.stringContaining('pass a namespace to Keyv or to the adapter')])
  })
})

describe('a store with keys that users choose', () => {
  it('reaches neither the record of a namespace nor its values', async () => {
    const users = new KeyvMemcached({ client, namespace: 'users', clearDelay: 0 })
    await users.set('bob', 'right')
    const version = (await client.get(recordKey('users')))?.toString() ?? ''
    for (const store of [
      new KeyvMemcached({ client }),
      new KeyvMemcached({ client, namespace: 'memkeep-namespace' }),
      new KeyvMemcached({ client, namespace: 'memkeep' }),
    ]) {
      for (const key of [
        recordKey('users'),
        'users',
        keyName('bob', { name: 'users', version }),
        `namespace:users`,
      ]) {
        await store.set(key, 'forged')
      }
    }
    expect((await client.get(recordKey('users')))?.toString()).toBe(version)
    expect(await users.get('bob')).toBe('right')
  })
})
