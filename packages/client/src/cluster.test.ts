import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { MemcachedClientOptions } from './options.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startServers(count: number): Promise<readonly MemcachedServer[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => startMemcached('plain')))
  cleanups.push(() => Promise.all(servers.map((server) => server.stop())))
  return servers
}

function client(
  servers: readonly MemcachedServer[],
  options: Omit<MemcachedClientOptions, 'servers'> = {},
): MemcachedClient {
  const made = new MemcachedClient({ servers: servers.map(({ address }) => address), ...options })
  cleanups.push(() => made.close())
  return made
}

const KEYS: readonly string[] = Array.from({ length: 300 }, (_, index) => `key:${String(index)}`)

async function store(cache: MemcachedClient): Promise<void> {
  await Promise.all(KEYS.map((key) => cache.set(key, `of ${key}`)))
}

/** Which of the keys each server holds. */
async function holdings(servers: readonly MemcachedServer[]): Promise<readonly ReadonlySet<string>[]> {
  return Promise.all(
    servers.map(async ({ address }) => {
      await using one = new MemcachedClient({ servers: address })
      return new Set((await one.getMany(KEYS)).keys())
    }),
  )
}

describe('several servers', () => {
  it.each(['ketama', 'modulo'] as const)('share the keys by %s, each key on one', async (distribution) => {
    const servers = await startServers(3)
    const cache = client(servers, { distribution })
    await store(cache)
    const held = await holdings(servers)
    expect(held.reduce((sum, keys) => sum + keys.size, 0)).toBe(KEYS.length)
    for (const keys of held) expect(keys.size).toBeGreaterThan(30)
    const found = await cache.getMany(['absent', ...KEYS])
    expect([...found.keys()]).toEqual(KEYS)
    for (const key of KEYS) expect((await cache.get(key))?.toString()).toBe(`of ${key}`)
    expect([...(await cache.version()).keys()]).toEqual(servers.map(({ address }) => address))
    await cache.dangerouslyFlushAll()
    expect((await cache.getMany(KEYS)).size).toBe(0)
  })

  it('take their share by weight', async () => {
    const [light, heavy] = await startServers(2)
    if (light === undefined || heavy === undefined) throw new Error('two were started')
    await using cache = new MemcachedClient({
      servers: [
        { host: light.host, port: light.port },
        { host: heavy.host, port: heavy.port, weight: 9 },
      ],
    })
    await store(cache)
    const [ofLight, ofHeavy] = await holdings([light, heavy])
    expect(ofHeavy?.size ?? 0).toBeGreaterThan((ofLight?.size ?? 0) * 3)
    expect(() => new MemcachedClient({ servers: [{ host: 'a', port: 1, weight: 0 }] })).toThrow(/weight/)
  })

  it('are added and removed while the client is used, and lose nothing that they were asked', async () => {
    const servers = await startServers(3)
    const [first, second, third] = servers
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three were started')
    const cache = client([first, second])
    await store(cache)
    const before = await holdings(servers)
    cache.addServer(third.address)
    expect(cache.servers).toHaveLength(3)
    expect(() => {
      cache.addServer(third.address)
    }).toThrow(/twice/)
    await store(cache)
    const after = await holdings(servers)
    // what moved, moved to the new one
    for (const [index, keys] of before.entries()) {
      for (const key of keys) expect(after[index]?.has(key)).toBe(true)
    }
    expect(after[2]?.size).toBeGreaterThan(30)

    const underWay = Promise.all(KEYS.map((key) => cache.set(key, 'last')))
    cache.removeServer(first.address)
    await expect(underWay).resolves.not.toContain(false)
    await store(cache)
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length)
    expect(() => {
      cache.removeServer('nobody:1')
    }).toThrow(RangeError)
    cache.removeServer(second.address)
    expect(() => {
      cache.removeServer(third.address)
    }).toThrow(RangeError)
  })
})

describe('a server that is down', () => {
  /** Three servers of which the last is gone, with a client that has used all of them. */
  async function twoOfThree(
    options: Omit<MemcachedClientOptions, 'servers'>,
  ): Promise<{ cache: MemcachedClient; lost: ReadonlySet<string>; gone: MemcachedServer }> {
    const servers = await startServers(3)
    const cache = client(servers, { ejectAfter: 1, ...options })
    await store(cache)
    const [, , lost = new Set<string>()] = await holdings(servers)
    const gone = servers[2]
    if (gone === undefined) throw new Error('three were started')
    await gone.stop()
    await cache.getMany(KEYS).catch(() => undefined)
    return { cache, lost, gone }
  }

  it('fails its keys and no others with onServerDown: error', async () => {
    const { cache, lost, gone } = await twoOfThree({ ejectPause: 60_000 })
    for (const key of KEYS) {
      const read = cache.get(key)
      if (lost.has(key)) await expect(read).rejects.toEqual(code('SERVER_DOWN'))
      else expect((await read)?.toString()).toBe(`of ${key}`)
    }
    const found = await cache.getMany(KEYS)
    expect([...found.keys()]).toEqual(KEYS.filter((key) => !lost.has(key)))
    expect(found.faults).toMatchObject([{ server: gone.address, error: code('SERVER_DOWN') }])
    expect(new Set(found.faults[0]?.keys)).toEqual(lost)
    expect((await cache.stats()).faults).toHaveLength(1)
    await expect(cache.dangerouslyFlushAll()).rejects.toEqual(code('SERVER_DOWN'))
  })

  it('misses its keys with onServerDown: miss, but says so where one must be sure', async () => {
    const { cache, lost } = await twoOfThree({ onServerDown: 'miss', ejectPause: 60_000 })
    const [key = ''] = lost
    expect(await cache.get(key)).toBeUndefined()
    expect(await cache.gets(key)).toBeUndefined()
    expect(await cache.set(key, 'x')).toBe(false)
    expect(await cache.touch(key, { ttl: 1 })).toBe(false)
    await expect(cache.delete(key)).rejects.toEqual(code('SERVER_DOWN'))
    await expect(cache.cas(key, 'x', 1n)).rejects.toEqual(code('SERVER_DOWN'))
    await expect(cache.increment(key)).rejects.toEqual(code('SERVER_DOWN'))
    const found = await cache.getMany(lost)
    expect(found.size).toBe(0)
    expect(found.faults).toHaveLength(1)
  })

  it('leaves its keys to the others with onServerDown: rehash, and takes them back', async () => {
    const { cache, lost, gone } = await twoOfThree({ onServerDown: 'rehash', ejectPause: 50 })
    const [key = ''] = lost
    expect(await cache.get(key)).toBeUndefined()
    await cache.set(key, 'elsewhere')
    expect((await cache.get(key))?.toString()).toBe('elsewhere')
    await using back = await startMemcached('plain', { args: ['-p', String(gone.port)] })
    await using direct = new MemcachedClient({ servers: back.address })
    await direct.set(key, 'at home')
    const deadline = Date.now() + 20_000
    while ((await cache.get(key))?.toString() !== 'at home') expect(Date.now()).toBeLessThan(deadline)
  })
})
