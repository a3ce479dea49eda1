import { createConnection, type Socket } from 'node:net'
import { MemcachedClient } from '@memkeep/client'
import { startFaultServer, startMemcached, type FaultServer, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

/**
 * Stands before a server, and keeps its answers back until it was asked for every key that it is to wait for: who
 * waits for an answer in between waits for ever.
 */
class Holding {
  readonly #heard: Buffer[] = []
  readonly #held: (() => void)[] = []
  readonly #server: Promise<FaultServer>
  #keys: readonly string[] = []

  constructor({ host, port }: MemcachedServer) {
    this.#server = startFaultServer((client: Socket) => {
      const upstream = createConnection({ host, port })
      client.on('data', (chunk: Buffer) => {
        this.#heard.push(chunk)
        upstream.write(chunk)
        this.#release()
      })
      client.on('close', () => upstream.destroy())
      upstream.on('data', (chunk) => {
        this.#held.push(() => client.write(chunk))
        this.#release()
      })
      upstream.on('error', () => undefined)
    })
  }

  async address(): Promise<string> {
    return (await this.#server).address
  }

  heard(key: string): boolean {
    return Buffer.concat(this.#heard).includes(`:${key} `) || Buffer.concat(this.#heard).includes(`:${key}\r`)
  }

  /** Keeps back what comes, until all of these were asked for. */
  holdUntil(keys: readonly string[]): void {
    this.#keys = keys
    this.#heard.length = 0
  }

  async close(): Promise<void> {
    await (await this.#server).close()
  }

  #release(): void {
    if (this.#keys.every((key) => this.heard(key))) for (const give of this.#held.splice(0)) give()
  }
}

/** What both generations of Keyv do with many. */
interface Many {
  setMany(entries: { key: string; value: unknown }[]): Promise<unknown>
  getMany(keys: string[]): Promise<unknown>
  hasMany(keys: string[]): Promise<unknown>
  deleteMany(keys: string[]): Promise<unknown>
  clear(): Promise<unknown>
}

const KEYS = Array.from({ length: 100 }, (_, index) => `many${String(index)}`)
let servers: MemcachedServer[]
let proxies: Holding[]
let client: MemcachedClient

beforeAll(async () => {
  servers = await Promise.all([startMemcached('plain'), startMemcached('plain')])
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
})

beforeEach(async () => {
  proxies = servers.map((server) => new Holding(server))
  client = new MemcachedClient({ servers: await Promise.all(proxies.map((proxy) => proxy.address())) })
  return async () => {
    await client.close()
    await Promise.all(proxies.map((proxy) => proxy.close()))
  }
})

describe.each([
  [
    'Keyv 5',
    (): Many => new Keyv({ store: new KeyvMemcached({ client, clearDelay: 60_000 }), namespace: 'n' }),
  ],
  ['Keyv 6', (): Many => new Keyv6({ store: new ForKeyv6({ client, clearDelay: 60_000 }), namespace: 'n' })],
])('many at once: %s', (_, make) => {
  it('are one round trip per server, by every method', async () => {
    const cache = make()
    const entries = KEYS.map((key) => ({ key, value: key }))
    await cache.setMany(entries)
    const keysOf = proxies.map((proxy) => KEYS.filter((key) => proxy.heard(key)))
    expect(keysOf.flat().toSorted()).toEqual(KEYS.toSorted())
    expect(keysOf.every((keys) => keys.length > 1)).toBe(true)
    const hold = (): void => {
      proxies.forEach((proxy, index) => {
        proxy.holdUntil(keysOf[index] ?? [])
      })
    }
    hold()
    await cache.setMany(entries)
    hold()
    expect(await cache.getMany(KEYS)).toEqual(KEYS)
    hold()
    expect(await cache.hasMany(KEYS)).toEqual(KEYS.map(() => true))
    hold()
    const deleted = await cache.deleteMany(KEYS)
    expect(deleted === true || (Array.isArray(deleted) && deleted.every(Boolean))).toBe(true)
    hold()
    expect(await cache.getMany(KEYS)).toEqual(KEYS.map(() => undefined))
  })
})

describe('the test itself', () => {
  it('would wait for ever for one key after the other', async () => {
    const cache = new Keyv({ store: new KeyvMemcached({ client, clearDelay: 60_000 }), namespace: 'n' })
    await cache.setMany(KEYS.map((key) => ({ key, value: key })))
    const keysOf = proxies.map((proxy) => KEYS.filter((key) => proxy.heard(key)))
    proxies.forEach((proxy, index) => {
      proxy.holdUntil(keysOf[index] ?? [])
    })
    let answered = 0
    const asked = (async () => {
      for (const key of KEYS) {
        await cache.get(key)
        answered++
      }
    })()
    // a trip of its own to the same servers, which is held as well
    while (!proxies.some((proxy) => KEYS.some((key) => proxy.heard(key)))) await new Promise(setImmediate)
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    expect(answered).toBe(0)
    for (const proxy of proxies) proxy.holdUntil([])
    await cache.get(KEYS[0] ?? '')
    await cache.get(KEYS[1] ?? '')
    await asked
  })
})
