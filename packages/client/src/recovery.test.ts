import { getEventListeners } from 'node:events'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import {
  findFreePort,
  eventually,
  startFaultServer,
  startMemcached,
  startFaultProxy,
  type MemcachedServer,
} from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import { readOptions, type MemcachedClientOptions } from './options.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const codeOf = (error: unknown): string => (error as { readonly code?: string }).code ?? String(error)

function client(options: MemcachedClientOptions): MemcachedClient {
  const made = new MemcachedClient({ closeTimeout: 100, ...options })
  cleanups.push(() => made.close())
  return made
}

/** What a channel of the client's publishes while the test runs. */
function published(name: string): unknown[] {
  const messages: unknown[] = []
  const note = (message: unknown): unknown => messages.push(message)
  subscribe(`memkeep:client:${name}`, note)
  cleanups.push(() => {
    unsubscribe(`memkeep:client:${name}`, note)
  })
  return messages
}

async function start(port?: number, args: readonly string[] = []): Promise<MemcachedServer> {
  const server = await startMemcached('plain', { ...(port !== undefined && { port }), args })
  cleanups.push(() => server.stop())
  return server
}

describe('an ejected server', () => {
  it('is tried in the background, so that the first call after an outage just works', async () => {
    const [ejected, reinstated] = [published('eject'), published('reinstate')]
    const server = await start()
    const cache = client({ servers: server.address, ejectPause: 20 })
    await cache.set('k', 'v')
    await server.stop()
    await eventually(async () => {
      await expect(cache.get('k')).rejects.toThrow(/./)
      expect(ejected).toHaveLength(1)
    })
    await start(server.port)
    // and no call is made
    await eventually(() => {
      expect(reinstated).toHaveLength(1)
    })
    expect(await cache.get('k')).toBeUndefined()
  })

  it('has calls wait for the attempt that is under way', async () => {
    const port = await findFreePort()
    const ejected = published('eject')
    const cache = client({ servers: `127.0.0.1:${String(port)}`, ejectAfter: 1, ejectPause: 20 })
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CONNECT_FAILED' })
    expect(ejected).toHaveLength(1)
    const held: (() => void)[] = []
    const server = createServer((socket) => {
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (text === 'version\r\n') held.push(() => socket.write('VERSION 0\r\n'))
        else if (text.endsWith('version\r\n')) socket.write('CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
        else for (const [, opaque = ''] of text.matchAll(/ O(\d+)\r\n/g)) socket.write(`EN O${opaque}\r\n`)
      })
    }).listen(port, '127.0.0.1')
    cleanups.push(() => server.close())
    await eventually(() => {
      expect(held).toHaveLength(1)
    })
    const waiting = Array.from({ length: 10 }, () => cache.get('k'))
    for (const answer of held) answer()
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 10 }, () => undefined))
    await cache.close()
  })
})

describe('a server that accepts connections and answers none', () => {
  it('costs one call its timeout, and the next ones nothing', async () => {
    const server = await startFaultServer(() => undefined)
    cleanups.push(() => server.close())
    const ejected = published('eject')
    const cache = client({ servers: server.address, timeout: 200, connectTimeout: 60_000, ejectAfter: 2 })
    const codes: string[] = []
    for (let call = 0; call < 10; call++) codes.push(await cache.get('k').then(String, codeOf))
    expect(codes).toEqual([
      'ERR_MEMKEEP_COMMAND_TIMEOUT',
      ...Array.from({ length: 9 }, () => 'ERR_MEMKEEP_SERVER_DOWN'),
    ])
    expect(ejected).toEqual([])
  })

  it('is ejected by calls whose time is over while it is connected to', async () => {
    const server = await startFaultServer(() => undefined)
    cleanups.push(() => server.close())
    const ejected = published('eject')
    const cache = client({ servers: server.address, timeout: 100, connectTimeout: 60_000, ejectAfter: 1 })
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' })
    await eventually(() => {
      expect(ejected).toHaveLength(1)
    })
  })

  it.each([
    [{}, 5_000],
    [{ timeout: 200 }, 1_000],
    [{ timeout: 2_000 }, 2_000],
    [{ timeout: 60_000 }, 5_000],
    [{ timeout: 200, connectTimeout: 7_000 }, 7_000],
  ])('is connected to about as long as calls wait: %j', (options, expected) => {
    expect(readOptions({ servers: 'a', ...options }).cluster.server.connectTimeout).toBe(expected)
  })
})

describe('further connections', () => {
  it('back off together where the server takes no more, and eject no server that answers', async () => {
    const server = await start(undefined, ['-c', '20', '-o', 'maxconns_fast'])
    const connects = published('connect')
    const [ejected, reinstated] = [published('eject'), published('reinstate')]
    const cache = client({ servers: server.address, connections: 50 })
    const begun = performance.now()
    for (let round = 0; round < 300; round++) {
      const calls = Array.from({ length: 100 }, (_, index) => cache.set(`k${String(index)}`, 'v'))
      expect(new Set(await Promise.all(calls))).toEqual(new Set([true]))
    }
    expect([ejected, reinstated]).toEqual([[], []])
    const failed = connects.filter((message) => (message as { readonly error?: unknown }).error !== undefined)
    expect(failed.length).toBeGreaterThan(0)
    // one for each connection there is, then one at a time with pauses of 250 ms in the mean
    expect(failed.length).toBeLessThan(50 + (performance.now() - begun) / 50)
  })
})

describe('reads that may be asked again', () => {
  it('wait for the next attempt as long as they have time: none fails by five quick restarts', async () => {
    let server = await start()
    const { port } = server
    const cache = client({ servers: server.address, retries: 10, timeout: 25_000 })
    await cache.get('k')
    const reads: Promise<unknown>[] = []
    for (let restart = 0; restart < 5; restart++) {
      for (let read = 0; read < 25; read++) {
        reads.push(cache.get('k'))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await server.stop()
      for (let read = 0; read < 25; read++) {
        reads.push(cache.get('k'))
        await new Promise((resolve) => setImmediate(resolve))
      }
      server = await start(port)
    }
    expect(await Promise.all(reads)).toEqual(reads.map(() => undefined))
  })
})

describe('with rehash', () => {
  it('a call moves to the next server as soon as it sees that its own cannot be reached', async () => {
    const servers = await Promise.all([start(), start(), start()])
    const dead = await findFreePort()
    const cache = client({
      servers: [...servers.map(({ address }) => address), `127.0.0.1:${String(dead)}`],
      onServerDown: 'rehash',
    })
    const keys = Array.from({ length: 100 }, (_, index) => `key${String(index)}`)
    for (const key of keys) expect(await cache.set(key, key)).toBe(true)
    for (const key of keys) expect((await cache.get(key))?.toString()).toBe(key)
  })

  it('a read moves though it was written, a getMany with all its keys', async () => {
    const [first, second] = await Promise.all([start(), start()])
    const cache = client({
      servers: [first.address, second.address],
      onServerDown: 'rehash',
      ejectAfter: 1_000,
    })
    const keys = Array.from({ length: 100 }, (_, index) => `key${String(index)}`)
    for (const key of keys) await cache.set(key, key)
    process.kill(second.pid, 'SIGSTOP')
    const reads = keys.map((key) => cache.get(key))
    const many = cache.getMany(keys)
    await second.stop()
    await Promise.all(reads)
    const found = await many
    expect(found.faults).toEqual([])
    for (const [key, value] of found) expect(value.toString()).toBe(key)
    const again = await cache.getMany(keys)
    expect(again.faults).toEqual([])
    expect(again.size).toBeGreaterThan(0)
  })
})

describe('maxConnectionAge', () => {
  it('replaces connections without loss, and follows a name that moved', async () => {
    const [here, there] = await Promise.all([start(), start()])
    const proxy = await startFaultProxy(here)
    cleanups.push(() => proxy.close())
    const cache = client({ servers: proxy.address, maxConnectionAge: 50 })
    await cache.set('k', 'here')
    await using other = new MemcachedClient({ servers: there.address })
    await other.set('k', 'there')
    proxy.retarget(there)
    const seen = new Set<string | undefined>()
    await eventually(async () => {
      seen.add((await cache.get('k'))?.toString())
      expect(seen).toContain('there')
      expect(proxy.accepted).toBeGreaterThan(4)
    })
  })
})

describe('unref and ref', () => {
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

  it('say whether connections, also later ones, keep the process alive', async () => {
    const [server, another] = await Promise.all([start(), start()])
    await eventually(() => {
      expect(sockets()).toBe(0)
    })
    const cache = client({ servers: server.address, distribution: 'modulo' })
    await cache.set('k', 'v')
    expect(sockets()).toBe(1)
    expect(cache.unref()).toBe(cache)
    expect(sockets()).toBe(0)
    expect((await cache.get('k'))?.toString()).toBe('v')
    cache.addServer(another.address)
    await Promise.all(Array.from({ length: 20 }, (_, index) => cache.get(`k${String(index)}`)))
    expect(sockets()).toBe(0)
    expect(cache.ref()).toBe(cache)
    expect(sockets()).toBe(2)
  })
})

describe('one signal for many clients', () => {
  it('has one listener, and no warning of too many', async () => {
    const warnings: string[] = []
    const onWarning = ({ name }: Error): unknown => warnings.push(name)
    process.on('warning', onWarning)
    cleanups.push(() => process.off('warning', onWarning))
    const server = await startFaultServer(() => undefined)
    cleanups.push(() => server.close())
    const controller = new AbortController()
    const clients = Array.from({ length: 30 }, () => client({ servers: server.address }))
    const calls = clients.map((cache) => cache.get('k', { signal: controller.signal }))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort(new Error('enough'))
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ reason: { message: 'enough' } })
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })
})
