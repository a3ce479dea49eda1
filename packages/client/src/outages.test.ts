import { kill } from 'node:process'
import {
  eventually,
  startFaultProxy,
  startMemcached,
  type FaultProxy,
  type MemcachedServer,
} from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { MemcachedClientOptions } from './options.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })
const codeOf = (reason: unknown): string => (reason as { code?: string }).code ?? String(reason)

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Path {
  readonly server: MemcachedServer
  readonly proxy: FaultProxy
  readonly cache: MemcachedClient
}

/** A real server behind a proxy that goes wrong when the test says so, and a client of it. */
async function path(options: Omit<MemcachedClientOptions, 'servers'> = {}): Promise<Path> {
  const server = await startMemcached('plain')
  cleanups.push(() => server.stop())
  const proxy = await startFaultProxy(server)
  cleanups.push(() => proxy.close())
  const cache = new MemcachedClient({ servers: proxy.address, closeTimeout: 100, ...options })
  cleanups.push(() => cache.close())
  return { server, proxy, cache }
}

const KEYS: readonly string[] = Array.from({ length: 200 }, (_, index) => `key:${String(index)}`)
const valueOf = (key: string): string => `${key} `.repeat(50)

async function store(cache: MemcachedClient): Promise<void> {
  await Promise.all(KEYS.map((key) => cache.set(key, valueOf(key))))
}

/** Reads all keys; every value that comes must be that of its key. */
async function readAll(cache: MemcachedClient): Promise<readonly PromiseSettledResult<Buffer | undefined>[]> {
  const results = await Promise.allSettled(KEYS.map((key) => cache.get(key)))
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') expect(result.value?.toString()).toBe(valueOf(KEYS[index] ?? ''))
  }
  return results
}

const rejected = (results: readonly PromiseSettledResult<unknown>[]): readonly string[] =>
  results.flatMap((result) => (result.status === 'rejected' ? [codeOf(result.reason)] : []))

/** Waits until reads succeed again. */
async function recovered(cache: MemcachedClient): Promise<void> {
  await eventually(() => cache.get('any'))
}

describe('a connection that is reset in the middle of a reply', () => {
  it.each([0, 1, 500, 30_000])(
    'after %i bytes loses what was in flight, says so, and nothing else',
    async (bytes) => {
      const { proxy, cache } = await path()
      await store(cache)
      proxy.reset({ afterBytes: bytes })
      const first = readAll(cache)
      // asked later, of which nothing was written when the connection went
      const second = first.then(() => readAll(cache))
      const lost = rejected(await first)
      const found = KEYS.length - lost.length
      expect(found).toBeLessThanOrEqual(bytes / valueOf('key:0').length)
      expect(new Set(lost)).toEqual(new Set(['ERR_MEMKEEP_CONNECTION_LOST']))
      expect(rejected(await second)).toEqual([])
    },
  )

  it('asks reads again where that was wanted, and never writes', async () => {
    const { proxy, cache } = await path({ retries: 1 })
    await store(cache)
    await cache.set('count', '0')
    proxy.reset({ afterBytes: 500 })
    const reads = readAll(cache)
    const counts = Promise.allSettled(KEYS.map(() => cache.increment('count')))
    expect(rejected(await reads)).toEqual([])
    const uncounted = rejected(await counts)
    expect(uncounted).toEqual(KEYS.map(() => 'ERR_MEMKEEP_CONNECTION_LOST'))
    // each was carried out once or not at all
    expect(Number(await cache.get('count'))).toBeLessThanOrEqual(KEYS.length)
  })
})

describe('a server that is frozen', () => {
  it('fails what it was asked by its timeout, and is found again', async () => {
    const { server, cache } = await path({ timeout: 300, connectTimeout: 300 })
    await store(cache)
    kill(server.pid, 'SIGSTOP')
    try {
      // a signal takes a moment to stop all threads of a process
      const codes = await eventually(async () => {
        const some = rejected(await readAll(cache))
        expect(some).not.toEqual([])
        return some
      })
      expect(new Set(codes)).toEqual(new Set(['ERR_MEMKEEP_COMMAND_TIMEOUT']))
    } finally {
      kill(server.pid, 'SIGCONT')
    }
    await recovered(cache)
    expect(rejected(await readAll(cache))).toEqual([])
  })
})

describe('a path that goes silent without an end', () => {
  it.each(['freeze', 'blackhole'] as const)('(%s) is given up, and a new one taken', async (mode) => {
    const { proxy, cache } = await path({ timeout: 300, connectTimeout: 300 })
    await store(cache)
    proxy.setMode(mode)
    expect(rejected(await readAll(cache))).toEqual(KEYS.map(() => 'ERR_MEMKEEP_COMMAND_TIMEOUT'))
    proxy.setMode('pass')
    await recovered(cache)
    expect(rejected(await readAll(cache))).toEqual([])
    expect(proxy.accepted).toBeGreaterThan(1)
  })
})

describe('a path that is slow or broken into pieces', () => {
  it.each(['slow', 'chunks'] as const)('(%s) gives the same answers', async (mode) => {
    const { proxy, cache } = await path({ timeout: 30_000 })
    await store(cache)
    proxy.setMode(mode)
    expect(rejected(await readAll(cache))).toEqual([])
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length)
    expect(proxy.accepted).toBe(1)
  })
})

describe('a server that is killed and started again under load', () => {
  it('costs what was in flight, which is reported, and no value is ever of another key', async () => {
    const { server, cache } = await path({ reconnectMaxDelay: 100, ejectPause: 100 })
    await store(cache)
    let running = true
    const seen = new Set<string>()
    let before = 0
    let after = 0
    let back = false
    const workers = KEYS.slice(0, 64).map(async (key) => {
      while (running) {
        try {
          const value = await cache.get(key)
          if (value === undefined) await cache.set(key, valueOf(key))
          else expect(value.toString()).toBe(valueOf(key))
          if (back) after++
          else before++
        } catch (error) {
          seen.add(codeOf(error))
          await new Promise(setImmediate)
        }
      }
    })
    await eventually(() => {
      expect(before).toBeGreaterThan(1_000)
    })
    await server.stop()
    await eventually(() => {
      expect(seen.size).toBeGreaterThan(0)
    })
    const again = await startMemcached('plain', { args: ['-p', String(server.port)] })
    cleanups.push(() => again.stop())
    back = true
    await eventually(() => {
      expect(after).toBeGreaterThan(1_000)
    })
    running = false
    await Promise.all(workers)
    const allowed = ['CONNECTION_LOST', 'CONNECT_FAILED', 'SERVER_DOWN'].map((name) => `ERR_MEMKEEP_${name}`)
    expect(allowed).toEqual(expect.arrayContaining([...seen]))
    expect(seen).toContain('ERR_MEMKEEP_CONNECTION_LOST')
  })

  it('refuses fast, and not by timeouts, while nothing listens', async () => {
    const { proxy, cache } = await path({ timeout: 600_000, ejectAfter: 2 })
    await store(cache)
    proxy.setMode('refuse')
    proxy.reset()
    await expect(
      eventually(() =>
        cache.get('k').then(
          () => {
            throw new Error('answered')
          },
          (error: unknown) => {
            if (codeOf(error) !== 'ERR_MEMKEEP_SERVER_DOWN') throw error
            return error
          },
        ),
      ),
    ).resolves.toEqual(code('SERVER_DOWN'))
    proxy.setMode('pass')
    await recovered(cache)
  })
})
