import { MemcachedClient } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'
import { keyName } from './names.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

let server: MemcachedServer
let raw: MemcachedClient
let sealed: MemcachedClient

beforeAll(async () => {
  server = await startMemcached('plain')
  raw = new MemcachedClient({ servers: server.address })
  sealed = new MemcachedClient({
    servers: server.address,
    middleware: [encryption({ keyring: Keyring.generate() })],
  })
})
afterAll(async () => {
  await Promise.all([raw.close(), sealed.close()])
  await server.stop()
})

/** What Keyv 5 and 6 have in common. */
interface Cache {
  get(key: string): Promise<unknown>
  has(key: string): Promise<boolean>
  set(key: string, value: string, ttl: number): Promise<unknown>
}

describe.each<[string, () => Cache]>([
  ['5', () => new Keyv({ store: new KeyvMemcached({ client: sealed }), namespace: 'ttl5' })],
  ['6', () => new Keyv6({ store: new ForKeyv6({ client: sealed }), namespace: 'ttl6' })],
  [
    '6, which leaves expiry to the adapter,',
    () => new Keyv6({ store: new ForKeyv6({ client: sealed }), namespace: 'ttl6', checkExpired: false }),
  ],
])('with Keyv %s, a value', (_, make) => {
  it('is there until its end to the millisecond, and not after', async () => {
    const cache = make()
    // memcached's clock ticks once a second: begin at different moments between two ticks
    const moments = Array.from({ length: 8 }, (_, index) => index * 125)
    const cases = [500, 1_000, 1_500, 2_000].flatMap((ttl) => moments.map((moment) => ({ ttl, moment })))
    await Promise.all(
      cases.map(async ({ ttl, moment }) => {
        await new Promise((resolve) => setTimeout(resolve, moment))
        const key = `k${String(ttl)}-${String(moment)}`
        const before = Date.now()
        await cache.set(key, 'x', ttl)
        const after = Date.now()
        for (;;) {
          const value = await cache.get(key)
          const now = Date.now()
          if (now < before + ttl) expect(value).toBe('x')
          if (now > after + ttl && value === undefined) return
        }
      }),
    )
    expect(await cache.has('k500-0')).toBe(false)
  })
})

describe('the exact end of a value', () => {
  const put = async (client: MemcachedClient, key: string): Promise<Buffer> => {
    const store = new KeyvMemcached({ client })
    await store.set(key, 'a value', 60_000)
    const stored = await raw.get(keyName(key))
    if (stored === undefined) throw new Error('nothing was stored')
    return stored
  }

  it('cannot be changed where the value is encrypted', async () => {
    const stored = await put(sealed, 'sealed-end')
    const store = new KeyvMemcached({ client: sealed })
    for (let at = 0; at < stored.length; at++) {
      const changed = Buffer.from(stored)
      changed.writeUInt8((changed[at] ?? 0) ^ 1, at)
      await raw.set(keyName('sealed-end'), changed)
      expect(await store.get('sealed-end')).toBeUndefined()
    }
    await raw.set(keyName('sealed-end'), stored)
    expect(await store.get('sealed-end')).toBe('a value')
  })

  it('stands before a plain value, for anyone to read and change', async () => {
    const stored = await put(raw, 'plain-end')
    expect(stored[0]).toBe(0)
    const end = stored.readUIntBE(1, 6)
    expect(Math.abs(end - Date.now() - 60_000)).toBeLessThan(60_000)
    stored.writeUIntBE(Date.now() - 1, 1, 6)
    await raw.set(keyName('plain-end'), stored)
    expect(await new KeyvMemcached({ client: raw }).get('plain-end')).toBeUndefined()
  })
})
