import type { Socket } from 'node:net'
import { eventually, startFaultServer, startMemcached, type FaultServer } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server that lets everyone in and then misbehaves; the test gets every connection's commands as text. */
async function misbehaving(onCommands: (commands: string, socket: Socket) => void): Promise<FaultServer> {
  const server = await startFaultServer((socket) =>
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (text === 'version\r\n') socket.write('VERSION 0\r\n')
      else if (text.endsWith('version\r\n')) socket.write('CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
      else onCommands(text, socket)
    }),
  )
  cleanups.push(() => server.close())
  return server
}

function client(servers: string, timeout = 10_000): MemcachedClient {
  const made = new MemcachedClient({ servers, timeout })
  cleanups.push(() => made.close())
  return made
}

const opaques = (commands: string): string[] =>
  [...commands.matchAll(/ O(\d+)\r\n/g)].map(([, opaque = '']) => opaque)

describe('a server that misbehaves', () => {
  it('by answering two requests the wrong way round reaches neither caller', async () => {
    const server = await misbehaving((commands, socket) => {
      for (const opaque of opaques(commands).reverse()) socket.write(`VA 1 f0 O${opaque}\r\nx\r\n`)
    })
    const cache = client(server.address)
    const results = await Promise.allSettled([cache.get('a'), cache.get('b')])
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: code('CONNECTION_LOST') })
  })

  it.each([
    ['an answer without a token', 'HD\r\n'],
    ['garbage', '220 mail ready\r\n'],
    ['a value longer than announced', 'VA 1 f0 O1\r\nxyz\r\n'],
    ['a lost boundary', 'CLIENT_ERROR bad data chunk\r\n'],
  ])('by sending %s loses the connection, and the next command gets a new one', async (_, answer) => {
    let connections = 0
    const server = await misbehaving((commands, socket) => {
      socket.write(++connections === 1 ? answer : `EN O${opaques(commands).join()}\r\n`)
    })
    const cache = client(server.address)
    await expect(cache.get('a')).rejects.toEqual(code('CONNECTION_LOST'))
    expect(await cache.get('a')).toBeUndefined()
  })

  it('by speaking unasked is left', async () => {
    const server = await misbehaving((commands, socket) => {
      socket.write(`EN O${opaques(commands).join()}\r\nEN O999\r\n`)
    })
    const cache = client(server.address)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
  })

  it('by closing in the middle of a value fails the request', async () => {
    const server = await misbehaving((_commands, socket) => socket.end('VA 10 f0 O1\r\nhalf'))
    await expect(client(server.address).get('a')).rejects.toEqual(code('CONNECTION_LOST'))
  })

  it('by never answering ends in a timeout', async () => {
    const server = await misbehaving(() => undefined)
    const cache = client(server.address, 100)
    const results = await Promise.allSettled([cache.get('a'), cache.set('b', 'x')])
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: code('COMMAND_TIMEOUT') })
  })

  it('by answering too late answers nobody', async () => {
    const held: string[] = []
    const server = await misbehaving((commands, socket) => {
      for (const opaque of opaques(commands)) {
        held.push(opaque)
        // a byte now and then: the connection is alive, the first answer is not there
        socket.write('V')
        if (held.length === 2) {
          socket.write(`A 4 f0 O${held[0] ?? ''}\r\nlate\r\n`)
          socket.write(`VA 4 f0 O${opaque}\r\ngood\r\n`)
        }
      }
    })
    const cache = client(server.address, 150)
    await expect(cache.get('a')).rejects.toEqual(code('COMMAND_TIMEOUT'))
    const second = cache.get('b')
    await expect(second).rejects.toEqual(code('CONNECTION_LOST'))
    expect(held).toHaveLength(2)
  })

  it('by saying that an error happened fails only the request that it happened to', async () => {
    const server = await misbehaving((commands, socket) => {
      const [first, second] = opaques(commands)
      socket.write(`SERVER_ERROR out of memory storing object\r\nVA 1 f0 O${second ?? ''}\r\nx\r\n`)
      expect(first).toBeDefined()
    })
    const cache = client(server.address)
    const [stored, read] = await Promise.allSettled([cache.set('a', 'x'), cache.get('b')])
    expect(stored).toMatchObject({ reason: code('OUT_OF_MEMORY') })
    expect(read).toEqual({ status: 'fulfilled', value: Buffer.from('x') })
  })
})

describe('a server whose meta commands have another form', () => {
  it.each([
    ['memcached 1.6.9', 'CLIENT_ERROR invalid flag\r\nMN\r\nVERSION 1.6.9\r\n'],
    ['memcached 1.5', 'ERROR\r\nERROR\r\nVERSION 1.5.22\r\n'],
  ])('as %s is never sent a value with them, which it would run as a command', async (_, answer) => {
    const sent: string[] = []
    await using server = await startFaultServer((socket) =>
      socket.setEncoding('latin1').on('data', (text: string) => {
        sent.push(text)
        if (text === 'version\r\n') socket.write('VERSION 0\r\n')
        else socket.write(text.startsWith('ms memkeep') ? answer : 'STORED\r\n')
      }),
    )
    expect(await client(server.address).set('k', 'flush_all\r\n')).toBe(true)
    expect(sent.at(-1)).toBe('set k 0 0 11\r\nflush_all\r\n\r\n')
    sent.length = 0
    await using metaOnly = new MemcachedClient({ servers: server.address, protocol: 'meta' })
    await expect(metaOnly.set('k', 'flush_all\r\n')).rejects.toEqual(code('SERVER_UNSUPPORTED'))
    expect(sent.join('')).not.toContain('flush_all')
  })
})

describe('a server that goes away', () => {
  it('fails what was in flight, and is found again when it is back', async () => {
    const server = await startMemcached('plain')
    cleanups.push(() => server.stop())
    const cache = client(server.address)
    await cache.set('a', 'x')
    const gone = server.stop()
    const attempts = await Promise.allSettled(Array.from({ length: 100 }, () => cache.get('a')))
    await gone
    for (const attempt of attempts) {
      if (attempt.status === 'rejected')
        expect((attempt.reason as { code: string }).code).toMatch(/CONNECT|SERVER_DOWN/)
    }
    const again = await startMemcached('plain', { args: ['-p', String(server.port)] })
    cleanups.push(() => again.stop())
    // what it had is gone with it
    await eventually(async () => {
      expect(await cache.get('a')).toBeUndefined()
    })
  })
})

describe('close', () => {
  it('waits for replies that are due, and then refuses', async () => {
    const server = await startMemcached('plain')
    cleanups.push(() => server.stop())
    const cache = client(server.address)
    const stored = Array.from({ length: 100 }, (_, index) => cache.set(`k${String(index)}`, 'x'))
    await cache.get('open')
    const last = cache.get('k99')
    await cache.close()
    await expect(Promise.all(stored)).resolves.toHaveLength(100)
    expect((await last)?.toString()).toBe('x')
    await expect(cache.get('k99')).rejects.toEqual(code('CLOSED'))
    await cache.close()
  })

  it('gives up, at its deadline, a connection that is being opened', async () => {
    const silent = await startFaultServer(() => undefined)
    cleanups.push(() => silent.close())
    const cache = client(silent.address)
    const attempt = cache.get('k')
    const closing = cache.close({ timeout: 50 })
    await expect(attempt).rejects.toEqual(code('CLOSED'))
    await closing
  })

  it('ends after the timeout of a server that never answers', async () => {
    const server = await misbehaving((_commands, socket) => socket.write('V'))
    const cache = client(server.address, 100)
    await expect(Promise.all([cache.get('a'), cache.get('b')])).rejects.toEqual(code('COMMAND_TIMEOUT'))
    await cache.close()
  })
})
