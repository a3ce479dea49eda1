import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { Keyv as Keyv5 } from 'keyv'
import { Keyv, type KeyvStorageAdapter } from 'keyv6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyvMemcached as ForKeyv5 } from './keyv-memcached.ts'
import { KeyvMemcached, type KeyvMemcachedOptions } from './v6.ts'

let server: MemcachedServer
let hardened: Omit<Extract<KeyvMemcachedOptions, { client?: undefined }>, 'client'>
const stores: { disconnect(): Promise<void> }[] = []
let count = 0

beforeAll(async () => {
  server = await startMemcached('mutual-tls+sasl')
  if (server.credentials === undefined) throw new Error('no credentials')
  hardened = {
    servers: server.address,
    transport: tls(server.clientTls),
    auth: sasl(server.credentials),
    middleware: [encryption({ keyring: Keyring.generate() })],
  }
})

afterAll(async () => {
  await Promise.all(stores.map((store) => store.disconnect()))
  await server.stop()
})

function newStore(options: { namespace?: string } = {}): KeyvMemcached {
  const store = new KeyvMemcached({ ...hardened, clearDelay: 0, ...options })
  stores.push(store)
  return store
}

/** A Keyv of the test's own, and what it emitted. */
function newKeyv(options: object = {}): { readonly cache: Keyv; readonly errors: unknown[] } {
  const errors: unknown[] = []
  const cache = new Keyv({ store: newStore(), namespace: `test${String(++count)}`, ...options })
  cache.on('error', (error: unknown) => errors.push(error))
  return { cache, errors }
}

async function untilGone(read: () => Promise<unknown>): Promise<void> {
  while ((await read()) !== undefined) await new Promise(setImmediate)
}

describe('Keyv 6 over all three layers', () => {
  it('takes the adapter as one of its own', () => {
    const store = newStore()
    // shows that the types fit
    const adapter: Pick<
      KeyvStorageAdapter,
      'set' | 'setMany' | 'has' | 'deleteMany' | 'clear' | 'namespace'
    > = store
    expect(new Keyv({ store }).store).toBe(adapter)
  })

  it('sets, gets, tells and deletes', async () => {
    const { cache, errors } = newKeyv()
    const values = {
      text: 'häßlich',
      number: 7,
      list: [1, { deep: true }],
      empty: '',
      no: false,
      'a b\r\n': 1,
    }
    for (const [key, value] of Object.entries(values)) {
      expect(await cache.set(key, value)).toBe(true)
      expect(await cache.get(key)).toEqual(value)
      expect(await cache.has(key)).toBe(true)
    }
    await cache.set('bytes', Buffer.from([0, 255]))
    expect(await cache.get('bytes')).toEqual(Buffer.from([0, 255]))
    expect(await cache.get('absent')).toBeUndefined()
    expect(await cache.has('absent')).toBe(false)
    expect(await cache.delete('text')).toBe(true)
    expect(await cache.delete('text')).toBe(false)
    expect(errors).toEqual([])
  })

  it('does so for many at once', async () => {
    const { cache, errors } = newKeyv()
    const entries = ['a', 'b', 'c'].map((key) => ({ key, value: key }))
    expect(await cache.setMany(entries)).toEqual([true, true, true])
    expect(await cache.getMany(['a', 'absent', 'c'])).toEqual(['a', undefined, 'c'])
    expect(await cache.hasMany(['a', 'absent'])).toEqual([true, false])
    expect(await cache.deleteMany(['a', 'absent'])).toEqual([true, false])
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([undefined, 'b', 'c'])
    expect(errors).toEqual([])
  })

  it('takes an end that has passed, and one that memcached cannot hold', async () => {
    const store = newStore({ namespace: 'ends' })
    await store.set('k', 'x')
    expect(await store.set('k', 'y', Date.now() - 1)).toBe(true)
    expect(await store.get('k')).toBeUndefined()
    expect(await store.set('k', 'z', Date.UTC(2200, 0))).toBe(true)
    expect(await store.get('k')).toBe('z')
  })

  it('clears its namespace and no other', async () => {
    const [one, other] = [newKeyv().cache, newKeyv().cache]
    await one.set('k', 1)
    await other.set('k', 2)
    await one.clear()
    expect([await one.get('k'), await other.get('k')]).toEqual([undefined, 2])
  })

  it('takes its namespace from the adapter', async () => {
    const cache = new Keyv({ store: newStore({ namespace: 'of-the-adapter' }) })
    expect(cache.namespace).toBe('of-the-adapter')
    await cache.set('k', 1)
    expect(await newStore({ namespace: 'of-the-adapter' }).has('k')).toBe(true)
  })

  it('emits what goes wrong', async () => {
    const errors: unknown[] = []
    const cache = new Keyv({ store: new KeyvMemcached({ servers: '127.0.0.1:1' }) })
    cache.on('error', (error: unknown) => errors.push(error))
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.set('k', 1)).toBe(false)
    expect(await cache.getMany(['k'])).toEqual([undefined])
    await cache.clear()
    expect(errors).toHaveLength(4)
    await cache.disconnect()
  })
})

describe('an adapter in the wrong hands', () => {
  it('of Keyv 6, says so to Keyv 5', async () => {
    const cache = new Keyv5({ store: newStore(), throwOnErrors: true })
    cache.on('error', () => undefined)
    await expect(cache.set('k', 'x', 1_000)).rejects.toThrow('@memkeep/keyv')
  })

  it('of Keyv 5, works under Keyv 6, which clears nothing', async () => {
    const store = new ForKeyv5({ ...hardened, clearDelay: 0 })
    stores.push(store)
    const cache = new Keyv({ store, namespace: `test${String(++count)}` })
    await cache.set('k', 1, 60_000)
    expect(await cache.get('k')).toBe(1)
    await cache.set('short', 'x', 30)
    await untilGone(() => cache.get('short'))
    await expect(cache.clear()).rejects.toThrow('clear')
    expect(await cache.get('k')).toBe(1)
  })
})
