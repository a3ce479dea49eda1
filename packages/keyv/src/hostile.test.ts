import { MemcachedClient } from '@memkeep/client'
import { eventually, startFaultProxy, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

type Untyped = Record<'get' | 'set' | 'delete' | 'has' | 'getMany', (...given: unknown[]) => Promise<unknown>>

let server: MemcachedServer
let client: MemcachedClient

beforeAll(async () => {
  server = await startMemcached('plain')
  client = new MemcachedClient({ servers: server.address })
})

afterAll(async () => {
  await client.close()
  await server.stop()
})

const crafted = 'k\r\nset victim 0 0 5\r\nwrong'

describe.each([
  ['5', () => new KeyvMemcached({ client })],
  ['6', () => new ForKeyv6({ client })],
])('the adapter for Keyv %s', (_, make) => {
  it('runs nothing that a key or a value says', async () => {
    await client.set('victim', 'right')
    const store = make()
    for (const text of [crafted, `${crafted}\r\n`, 'a b', '__proto__', 'constructor', '', '\0', '\ud800']) {
      expect(await store.set(text, text)).toBe(true)
      // halves of surrogate pairs are no UTF-8, as anywhere
      expect(await store.get(text)).toBe(text.toWellFormed())
      expect(await store.getMany([text])).toEqual([text.toWellFormed()])
    }
    expect((await client.get('victim'))?.toString()).toBe('right')
  })

  it('takes no key that is no text', async () => {
    const any = make() as unknown as Untyped
    for (const key of [
      undefined,
      null,
      7,
      Symbol('k'),
      { toString: () => crafted },
      [crafted],
      () => crafted,
    ]) {
      await expect(any.get(key)).rejects.toThrow()
      await expect(any.set(key, 'x')).rejects.toThrow()
      await expect(any.delete(key)).rejects.toThrow()
      await expect(any.getMany([key])).rejects.toThrow()
    }
    expect((await client.get('victim'))?.toString()).toBe('right')
  })

  it('takes no end that is none', async () => {
    const store = make()
    await expect(store.set('k', 'x', Number.NaN)).rejects.toThrow(RangeError)
    for (const text of ['5', '1e15', null]) {
      await expect(store.set('k', 'x', text as unknown as number)).rejects.toThrow(RangeError)
    }
    expect(await store.set('k', 'x', -Infinity)).toBe(true)
    expect(await store.get('k')).toBeUndefined()
    expect(await store.set('k', 'x', Infinity)).toBe(true)
    expect(await store.get('k')).toBe('x')
  })
})

describe('disconnect', () => {
  it.each([
    ['5', KeyvMemcached],
    ['6', ForKeyv6],
  ])('closes every connection, may be called twice, and ends the use: %s', async (_, Store) => {
    const proxy = await startFaultProxy(server)
    const store = new Store({ servers: proxy.address })
    await store.set('k', 'x')
    expect(proxy.open).toBeGreaterThan(0)
    await Promise.all([store.disconnect(), store.disconnect()])
    await store.disconnect()
    await eventually(() => {
      expect(proxy.open).toBe(0)
    })
    await expect(store.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CLOSED' })
    await expect(store.setMany([{ key: 'k', value: 'x' }])).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CLOSED',
    })
    await proxy.close()
  })
})

describe('events', () => {
  it('are as many as the failures, and their listeners no more than were added', async () => {
    const store = new KeyvMemcached({ client })
    const before = store.listenerCount('error')
    const caches = Array.from(
      { length: 5 },
      (_, index) => new Keyv({ store, namespace: `n${String(index)}` }),
    )
    for (const cache of caches) await cache.set('k', 'x')
    const added = store.listenerCount('error') - before
    for (let turn = 0; turn < 20; turn++) await Promise.all(caches.map((cache) => cache.get('k')))
    expect(store.listenerCount('error') - before).toBe(added)
  })
})
