import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { openChannel, parseEndpoint, type Channel } from '@memkeep/core'
import { exchange, type Parsed } from '@memkeep/core/internal'
import { createPki, startMemcached, startRelay, type MemcachedServer } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { opens } from '../test/opens.ts'
import type { TlsOptions } from './options.ts'
import { tls } from './tls.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

function open(address: string, options: TlsOptions): Promise<Channel> {
  const signal = AbortSignal.timeout(10_000)
  return openChannel(parseEndpoint(address), { transport: tls(options), signal })
}

const trust = ({ pki }: MemcachedServer): TlsOptions => ({ ca: pki.ca })

describe('tls to the real memcached', () => {
  it('opens a confidential channel', async () => {
    await using server = await startMemcached('tls')
    expect(tls(trust(server)).confidential).toBe(true)
    await opens(server.address, trust(server))
    await opens(`memcacheds://${server.address}`, trust(server))
    await opens(`localhost:${String(server.port)}`, trust(server))
    await opens(server.address, { ...trust(server), minVersion: 'TLSv1.3' })
    await opens(server.address, { ...trust(server), ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })
    await opens(server.address, { ...trust(server), ciphers: 'TLS_CHACHA20_POLY1305_SHA256' })
    await opens(server.address, { ...trust(server), trustDefaultCa: true })
  })

  it('opens with a client certificate where the server demands one', async () => {
    await using server = await startMemcached('mutual-tls')
    await opens(server.address, { ...trust(server), ...server.pki.client })
  })

  it('opens through a chain, and beside authorities that have nothing to do with it', async () => {
    const pki = await createPki()
    const intermediate = await pki.issueAuthority()
    const { cert, key } = await intermediate.issueServer()
    await using server = await startMemcached('tls', {
      pki,
      serverCertificate: { cert: cert + intermediate.ca, key },
    })
    const other = await createPki()
    await opens(server.address, { ca: [other.ca, Buffer.from(pki.ca)] })
    await opens(server.address, { ca: other.ca + pki.ca })
    const crl = [await pki.revoke([other.server.cert]), await intermediate.revoke([])]
    await opens(server.address, { ca: pki.ca, crl })
    await opens(server.address, { ca: pki.ca, crl: crl.join('') })
  })

  it('shows an eavesdropper no byte of a key or a value', async () => {
    await using server = await startMemcached('tls')
    await using relay = await startRelay(server)
    const channel = await open(relay.address, trust(server))
    const [key, value] = ['customer:4711', 'the secret of customer 4711']
    const stored = `set ${key} 0 0 ${String(value.length)}\r\n${value}\r\nget ${key}\r\n`
    const answer = await exchange(channel, Buffer.from(stored), untilEnd, {
      server: 'server',
      signal: AbortSignal.timeout(10_000),
    })
    expect(answer).toBe(`STORED\r\nVALUE ${key} 0 ${String(value.length)}\r\n${value}\r\n`)
    channel.destroy()
    expect(relay.bytes().length).toBeGreaterThan(500)
    for (const word of ['version', 'VERSION', 'STORED', 'VALUE', key, value, ...value.split(' ')]) {
      if (word.length > 3) expect(relay.saw(word)).toBe(false)
    }
  })

  it('refuses a server of an unknown authority even when the environment switches verification off', async () => {
    await using server = await startMemcached('tls')
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await expect(opens(server.address, {})).rejects.toEqual(code('TLS_INCOMPLETE_CHAIN'))
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  it('lets no password over a channel whose server is not verified', async () => {
    await using server = await startMemcached('tls')
    const transport = tls({ dangerouslySkipVerification: true })
    const signal = AbortSignal.timeout(10_000)
    await expect(
      openChannel(parseEndpoint(`memcacheds://${server.address}`), { transport, signal }),
    ).rejects.toEqual(code('TLS_REQUIRED'))
  })
})

describe('the name that is expected', () => {
  it('is the one that is written, and is told to the server unless it is an address', async () => {
    const pki = await createPki()
    const { cert, key } = await pki.issueServer({ hosts: ['localhost', '127.0.0.1', 'cache.example'] })
    const asked: unknown[] = []
    const server = createServer({ cert, key }, (socket: TLSSocket) => {
      asked.push((socket as TLSSocket & { readonly servername?: string | false }).servername)
      socket.on('error', () => undefined).end('VERSION 1\r\n')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = String((server.address() as AddressInfo).port)
    await opens(`localhost:${port}`, { ca: pki.ca })
    await opens(`127.0.0.1:${port}`, { ca: pki.ca })
    await opens(`127.0.0.1:${port}`, { ca: pki.ca, servername: 'cache.example' })
    await expect(opens(`127.0.0.1:${port}`, { ca: pki.ca, servername: 'other.example' })).rejects.toEqual(
      code('TLS_HOSTNAME_MISMATCH'),
    )
    expect(asked.slice(0, 3)).toEqual(['localhost', false, 'cache.example'])
    server.close()
  })

  it('may be an IPv6 address', async () => {
    await using server = await startMemcached('tls')
    const forward = createTcpServer((client) => {
      const upstream = createConnection(server).on('error', () => client.destroy())
      client
        .on('error', () => upstream.destroy())
        .pipe(upstream)
        .pipe(client)
    }).listen(0, '::1')
    await once(forward, 'listening')
    const address = `[::1]:${String((forward.address() as AddressInfo).port)}`
    await opens(address, trust(server))
    await opens(address, { ...trust(server), servername: '0:0:0:0:0:0:0:1' })
    await expect(opens(address, { ...trust(server), servername: '::2' })).rejects.toEqual(
      code('TLS_IP_MISMATCH'),
    )
    forward.close()
  })

  it('must be given on a Unix socket, as a TLS proxy before memcached offers it', async () => {
    const pki = await createPki()
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-socket-'))
    const path = join(folder, 'proxy.sock')
    const proxy = createServer(pki.server, (socket) => socket.end('VERSION 1\r\n')).listen(path)
    await once(proxy, 'listening')
    await opens(path, { ca: pki.ca, servername: 'localhost' })
    await expect(opens(path, { ca: pki.ca, servername: 'cache.example' })).rejects.toEqual(
      code('TLS_HOSTNAME_MISMATCH'),
    )
    await expect(opens(path, { ca: pki.ca })).rejects.toEqual(code('TLS_HOSTNAME_MISMATCH'))
    proxy.close()
    await rm(folder, { recursive: true })
  })
})

/** Everything up to the line `END`. */
function untilEnd(received: Buffer): Parsed<string> | undefined {
  const end = received.indexOf('END\r\n')
  return end < 0 ? undefined : { value: received.toString('latin1', 0, end), length: end + 5 }
}
