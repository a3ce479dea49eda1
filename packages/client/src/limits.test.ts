import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Socket } from 'node:net'
import { startFaultServer, startMemcached, startRelay, type FaultServer } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { MemcachedClientOptions } from './options.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server that lets everyone in and answers nothing until it is told to; then every read is a miss. */
async function holding(): Promise<{ server: FaultServer; release: () => void; seen: () => number }> {
  let held: (() => void)[] = []
  let open = false
  let seen = 0
  const answer = (socket: Socket, commands: string): void => {
    for (const [, opaque = ''] of commands.matchAll(/ O(\d+)\r\n/g)) socket.write(`EN O${opaque}\r\n`)
  }
  const server = await startFaultServer((socket) =>
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (text === 'version\r\n') socket.write('VERSION 0\r\n')
      else if (text.endsWith('version\r\n')) socket.write('CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
      else {
        seen += [...text.matchAll(/\r\n/g)].length
        if (open) answer(socket, text)
        else
          held.push(() => {
            answer(socket, text)
          })
      }
    }),
  )
  cleanups.push(() => server.close())
  return {
    server,
    release: () => {
      open = true
      for (const go of held.splice(0)) go()
      held = []
    },
    seen: () => seen,
  }
}

function client(servers: string, options: Omit<MemcachedClientOptions, 'servers'> = {}): MemcachedClient {
  const made = new MemcachedClient({ servers, ...options })
  cleanups.push(() => made.close())
  return made
}

const gets = (cache: MemcachedClient, count: number): Promise<Buffer | undefined>[] =>
  Array.from({ length: count }, (_, index) => cache.get(`k${String(index)}`))

describe('a limit on what is in flight', () => {
  it('lets the rest wait, in order, and be sent when there is room', async () => {
    const { server, release, seen } = await holding()
    const cache = client(server.address, { maxInFlight: 4 })
    const results = gets(cache, 100)
    while (seen() < 4) await new Promise(setImmediate)
    release()
    expect(await Promise.all(results)).toEqual(Array.from({ length: 100 }, () => undefined))
    expect(seen()).toBe(100)
  })

  it('rejects the rest with overload: reject', async () => {
    const { server, release, seen } = await holding()
    const cache = client(server.address, { maxInFlight: 4, overload: 'reject' })
    const first = gets(cache, 1)
    while (seen() < 1) await new Promise(setImmediate)
    const results = Promise.allSettled(gets(cache, 5))
    release()
    const [, , , fourth, fifth] = await results
    for (const late of [fourth, fifth])
      expect(late).toMatchObject({ status: 'rejected', reason: code('OVERLOADED') })
    await Promise.all(first)
    expect(await cache.get('again')).toBeUndefined()
  })

  it('holds for bytes too', async () => {
    const server = await startMemcached('plain')
    cleanups.push(() => server.stop())
    const cache = client(server.address, { maxInFlightBytes: 1, overload: 'reject' })
    await cache.get('open')
    const results = await Promise.allSettled([cache.set('a', 'x'), cache.set('b', 'x')])
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: code('OVERLOADED') },
    ])
  })

  it('bounds those that wait, by number and by bytes', async () => {
    const { server, release } = await holding()
    const few = client(server.address, { maxInFlight: 1, maxWaiting: 3 })
    const some = Promise.allSettled(gets(few, 10))
    const small = client(server.address, { maxInFlight: 1, maxWaitingBytes: 5_000, timeout: 500 })
    const large = Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => small.add(`k${String(index)}`, Buffer.alloc(1_000))),
    )
    release()
    const rejected = (await some).filter(({ status }) => status === 'rejected')
    expect(rejected).toHaveLength(7)
    for (const result of rejected) expect(result).toMatchObject({ reason: code('OVERLOADED') })
    const refused = (await large).filter(
      (result) => result.status === 'rejected' && isOverloaded(result.reason),
    )
    expect(refused).toHaveLength(15)
  })
})

const isOverloaded = (reason: unknown): boolean =>
  (reason as { code?: string }).code === 'ERR_MEMKEEP_OVERLOADED'

describe('several connections', () => {
  it('are opened while all are busy, up to as many as were asked for, and share the work', async () => {
    const server = await startMemcached('plain')
    cleanups.push(() => server.stop())
    const relay = await startRelay(server)
    cleanups.push(() => relay.close())
    const cache = client(relay.address, { connections: 3 })
    expect(await cache.get('alone')).toBeUndefined()
    expect(relay.connections).toBe(1)
    for (let round = 0; relay.connections < 3; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const key = `k${String(index)}`
          await cache.set(key, `of ${key} ${String(round)}`)
          expect((await cache.get(key))?.toString()).toBe(`of ${key} ${String(round)}`)
        }),
      )
    }
    await Promise.all(gets(cache, 500))
    expect(relay.connections).toBe(3)
  })
})

describe('a short timeout of one call', () => {
  it('ends that call alone', async () => {
    const { server, release, seen } = await holding()
    const cache = client(server.address)
    const long = cache.get('long')
    while (seen() < 1) await new Promise(setImmediate)
    await expect(cache.get('short', { timeout: 20 })).rejects.toEqual(code('COMMAND_TIMEOUT'))
    release()
    expect(await long).toBeUndefined()
    expect(await cache.get('next')).toBeUndefined()
  })

  it('also ends a call that waits for a connection', async () => {
    const silent = await startFaultServer(() => undefined)
    cleanups.push(() => silent.close())
    const cache = client(silent.address, { closeTimeout: 1 })
    await expect(cache.get('k', { timeout: 20 })).rejects.toEqual(code('COMMAND_TIMEOUT'))
  })
})

describe('a client that was closed', () => {
  it('keeps no process alive', async () => {
    const server = await startMemcached('plain')
    cleanups.push(() => server.stop())
    const program = `
      import { MemcachedClient } from '@memkeep/client'
      const cache = new MemcachedClient({ servers: '${server.address}', connections: 2 })
      await Promise.all(Array.from({ length: 100 }, (_, index) => cache.set('k' + index, 'x')))
      await cache.close()
      process.stdout.write('closed')
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      // whoever still runs then is killed, and that rejects
      timeout: 20_000,
    })
    expect(stdout).toBe('closed')
  })
})
