import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  eventually,
  occupyConnections,
  startFaultServer,
  startMemcached,
  type MemcachedServer,
  type Posture,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { MemcachedClientOptions } from './options.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function client(options: MemcachedClientOptions): MemcachedClient {
  const made = new MemcachedClient({ closeTimeout: 100, ...options })
  cleanups.push(() => made.close())
  return made
}

/** A server that answers lines of text by what `answer` returns; undefined closes the connection. */
async function playing(
  answer: (line: string) => string | undefined,
): Promise<{ readonly address: string; readonly lines: string[]; readonly accepted: () => number }> {
  const lines: string[] = []
  let accepted = 0
  const server = await startFaultServer((socket) => {
    accepted++
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n').slice(0, -1)) {
        lines.push(line)
        const reply = answer(line)
        if (reply === undefined) {
          socket.end()
          return
        }
        if (reply !== '') socket.write(`${reply}\r\n`)
      }
    })
  })
  cleanups.push(() => server.close())
  return { address: server.address, lines, accepted: () => accepted }
}

describe('a server at its connection limit', () => {
  it.each<[Posture, Partial<MemcachedClientOptions>]>([
    ['plain', {}],
    ['plain', { protocol: 'text' }],
    ['plain', { protocol: 'binary' }],
    ['ascii-auth', {}],
    ['sasl', {}],
    ['tls', {}],
    ['mutual-tls', {}],
    ['tls+sasl', {}],
    ['tls+ascii-auth', {}],
  ])('says so, and is unreachable: %s %j', async (posture, more) => {
    const server = await startMemcached(posture, { args: ['-c', '50', '-o', 'maxconns_fast'] })
    cleanups.push(() => server.stop())
    const occupied = await occupyConnections(server)
    cleanups.push(() => {
      occupied.release()
    })
    const options = { servers: server.address, ...layersOf(server), ...more }
    const error: unknown = await client(options)
      .get('k')
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'ERR_MEMKEEP_CONNECTION_LIMIT',
      message: expect.stringMatching(
        new RegExp(`^${server.address} .*ERROR Too many open connections.*-c`),
      ) as string,
    })
    expect(await client({ ...options, onServerDown: 'miss' }).get('k')).toBeUndefined()
  })
})

function layersOf({ posture, clientTls, credentials }: MemcachedServer): Partial<MemcachedClientOptions> {
  const authenticator = posture.includes('ascii-auth') ? asciiAuth : sasl
  return {
    ...(posture.includes('tls') && { transport: tls(clientTls) }),
    ...(credentials !== undefined && { auth: authenticator(credentials) }),
  }
}

describe('the protocol of an old server', () => {
  it.each([
    ['1.4.39', ['ERROR', 'ERROR']],
    ['1.5.19 to 1.5.22', ['CLIENT_ERROR invalid or duplicate flag', 'EN']],
    ['1.6.9', ['CLIENT_ERROR invalid flag', 'MN']],
  ])('is classic text: %s', async (_, [toSet = '', toValue = '']) => {
    const server = await playing((line) => {
      if (line.startsWith('version')) return 'VERSION 1.5.22'
      if (line.startsWith('ms ')) return toSet
      if (line === 'mn') return toValue
      return line.startsWith('get ') ? 'END' : 'ERROR'
    })
    expect(await client({ servers: server.address }).get('k')).toBeUndefined()
    expect(server.lines).toContain('get k')
  })
})

describe('a proxy', () => {
  it('that closes at meta commands is spoken to in text, which is found out once', async () => {
    const server = await playing((line) => {
      if (line === 'version') return 'VERSION 0.5.0'
      return line.startsWith('get ') ? 'END' : undefined
    })
    const cache = client({ servers: server.address, connections: 3 })
    expect(await cache.get('k')).toBeUndefined()
    expect(server.accepted()).toBe(2)
    await eventually(async () => {
      await Promise.all(Array.from({ length: 50 }, () => cache.get('k')))
      expect(server.accepted()).toBe(4)
    })
    expect(server.lines.filter((line) => line.startsWith('ms '))).toHaveLength(1)
  })

  it('that closes at "version" can be used with text, and with auto', async () => {
    for (const options of [{ protocol: 'text' as const }, {}]) {
      const server = await playing((line) => (line.startsWith('get ') ? 'END' : undefined))
      expect(await client({ servers: server.address, ...options }).get('k')).toBeUndefined()
      if ('protocol' in options) expect(server.lines).not.toContain('version')
    }
  })

  it('is told apart where meta is demanded: the sentence names the option', async () => {
    const server = await playing((line) => (line === 'version' ? 'VERSION 0.5.0' : undefined))
    await expect(client({ servers: server.address, protocol: 'meta' }).get('k')).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^${server.address} .*protocol: 'text'`)) as string,
    })
  })

  it('that answers "version" by SERVER_ERROR is quoted, and unreachable', async () => {
    const server = await playing(() => 'SERVER_ERROR no backend')
    await expect(client({ servers: server.address }).get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_BACKEND_UNREACHABLE',
      message: expect.stringMatching(new RegExp(`^${server.address} .*SERVER_ERROR no backend`)) as string,
    })
    expect(await client({ servers: server.address, onServerDown: 'miss' }).get('k')).toBeUndefined()
  })
})

describe('every message names the server', () => {
  it.each<[string, Partial<MemcachedClientOptions>, (line: string) => string | undefined]>([
    ['that closes at once', {}, () => undefined],
    ['that answers more than was asked', {}, () => 'VERSION 1\r\nVERSION 2'],
    ['that is no memcached', {}, () => 'HTTP/1.1 400 Bad Request'],
    [
      'that answers what was not asked',
      { protocol: 'text' },
      (line) => (line.includes('probe') ? 'END' : 'VALUE other 0 1\r\nx\r\nEND'),
    ],
    ['that sends nonsense', { protocol: 'text' }, (line) => (line.includes('probe') ? 'END' : 'what?')],
    ['that refuses', { protocol: 'text' }, (line) => (line.includes('probe') ? 'END' : 'SERVER_ERROR busy')],
  ])('%s', async (_, options, answer) => {
    const server = await playing(answer)
    const error: unknown = await client({ servers: server.address, ...options })
      .get('k')
      .catch((reason: unknown) => reason)
    for (let each = error; each instanceof Error && 'code' in each; each = each.cause) {
      if (String(each.code).startsWith('ERR_MEMKEEP_')) expect(each.message).toContain(server.address)
    }
  })
})

it('a server that does not speak binary is named', async () => {
  const server = await startFaultServer((socket) => socket.on('data', () => socket.write('ERROR\r\n')))
  cleanups.push(() => server.close())
  await expect(client({ servers: server.address, protocol: 'binary' }).get('k')).rejects.toMatchObject({
    code: 'ERR_MEMKEEP_PROTOCOL',
    message: expect.stringContaining(server.address) as string,
  })
})

describe('over TLS', () => {
  /** Forwards that many bytes of the server's, then resets or closes. */
  async function cutting(
    { host, port }: MemcachedServer,
    after: number,
    how: 'reset' | 'close',
  ): Promise<{ readonly address: string; readonly server: Server }> {
    const server = createServer((socket) => {
      const upstream = connect(port, host)
      let left = after
      const end = (): void => {
        upstream.destroy()
        if (how === 'reset') socket.resetAndDestroy()
        else socket.end()
      }
      socket.on('error', () => undefined).on('data', (chunk: Buffer) => upstream.write(chunk))
      socket.on('close', () => upstream.destroy())
      upstream
        .on('error', () => undefined)
        .on('data', (chunk: Buffer) => {
          socket.write(chunk.subarray(0, left))
          left -= chunk.length
          if (left <= 0) end()
        })
      if (after === 0) socket.once('data', end)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    return { address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, server }
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a connection that ends before the first answer is an unreachable server, wherever it ends (%s)',
    async (version) => {
      const server = await startMemcached('tls')
      cleanups.push(() => server.stop())
      const ciphers =
        version === 'TLSv1.2' ? 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' : undefined
      for (const how of ['reset', 'close'] as const) {
        for (const after of [0, 1, 5, 6, 50, 127, 500, 900, 1_300, 1_500, 1_700, 2_000]) {
          const { address } = await cutting(server, after, how)
          const transport = tls({ ...server.clientTls, ...(ciphers !== undefined && { ciphers }) })
          const cache = client({
            servers: address,
            transport,
            ejectAfter: 1_000,
            reconnectMaxDelay: 1,
            reconnectMinDelay: 1,
          })
          const outcome: unknown = await cache
            .get('k')
            .catch((error: unknown) => (error as { code: string }).code)
          expect([undefined, 'ERR_MEMKEEP_CONNECTION_LOST'], `${how} after ${String(after)}`).toContain(
            outcome,
          )
          const missing = client({ servers: address, transport, onServerDown: 'miss' })
          expect(await missing.get('k')).toBeUndefined()
          await Promise.all([cache.close(), missing.close()])
        }
      }
    },
  )

  it('a terminator whose memcached is away does not ask for a certificate', async () => {
    const server = await startMemcached('tls')
    cleanups.push(() => server.stop())
    // the handshake succeeds, then the connection is closed without a word
    const { createServer: createTlsServer } = await import('node:tls')
    const { cert, key } = server.pki.server
    const terminator = createTlsServer({ cert, key }, (socket) => socket.on('error', () => undefined).end())
    terminator.listen(0, '127.0.0.1')
    await once(terminator, 'listening')
    cleanups.push(() => terminator.close())
    const { port } = terminator.address() as AddressInfo
    const transport = tls(server.clientTls)
    const options = { servers: `127.0.0.1:${String(port)}`, transport }
    await expect(client(options).get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CONNECTION_LOST',
      message: expect.stringContaining('the memcached behind it is away') as string,
    })
    expect(await client({ ...options, onServerDown: 'miss' }).get('k')).toBeUndefined()
  })
})
