import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { openChannel, parseEndpoint, type Channel } from '@memkeep/core'
import {
  createPki,
  startFaultServer,
  startMemcached,
  startRelay,
  type MemcachedServer,
} from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { tls, type TlsOptions } from './tls.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

async function open(address: string, options: TlsOptions, timeout = 10_000): Promise<Channel> {
  const signal = AbortSignal.timeout(timeout)
  return openChannel(parseEndpoint(address), { transport: tls(options), signal })
}

async function opens(address: string, options: TlsOptions): Promise<void> {
  const channel = await open(address, options)
  channel.destroy()
}

/** What holds the server's OpenSSL to TLS 1.2. */
const ONLY_TLS_12 = `
openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MaxProtocol = TLSv1.2
`

const trust = ({ pki }: MemcachedServer): TlsOptions => ({ ca: pki.ca })

describe('tls to the real memcached', () => {
  it('opens a confidential channel', async () => {
    await using server = await startMemcached('tls')
    expect(tls(trust(server)).confidential).toBe(true)
    await opens(server.address, trust(server))
    await opens(`memcacheds://${server.address}`, trust(server))
    await opens(`localhost:${String(server.port)}`, trust(server))
    await opens(server.address, { ...trust(server), minVersion: 'TLSv1.3' })
  })

  it('opens with a client certificate where the server demands one', async () => {
    await using server = await startMemcached('mutual-tls')
    await opens(server.address, { ...trust(server), ...server.pki.client })
  })

  it('shows an eavesdropper nothing', async () => {
    await using server = await startMemcached('tls')
    await using relay = await startRelay(server)
    await opens(relay.address, trust(server))
    expect(relay.bytes().length).toBeGreaterThan(500)
    expect(relay.saw('version')).toBe(false)
    expect(relay.saw('VERSION')).toBe(false)
  })
})

describe('tls over a Unix socket, as a TLS proxy before memcached offers it', () => {
  it('opens with a given name, and not without', async () => {
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

describe('tls refuses', () => {
  it('a server of an unknown authority', async () => {
    await using server = await startMemcached('tls')
    const other = await createPki()
    await expect(opens(server.address, { ca: other.ca })).rejects.toEqual(code('TLS_UNKNOWN_CA'))
    await expect(opens(server.address, {})).rejects.toEqual(code('TLS_UNKNOWN_CA'))
  })

  it('a server of an unknown authority even when the environment switches verification off', async () => {
    await using server = await startMemcached('tls')
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await expect(opens(server.address, {})).rejects.toEqual(code('TLS_UNKNOWN_CA'))
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  it('a certificate for another host', async () => {
    const pki = await createPki()
    const serverCertificate = await pki.issueServer({ hosts: ['cache.example', '192.0.2.1'] })
    await using server = await startMemcached('tls', { pki, serverCertificate })
    await expect(opens(server.address, trust(server))).rejects.toEqual(code('TLS_HOSTNAME_MISMATCH'))
    await expect(opens(`localhost:${String(server.port)}`, trust(server))).rejects.toEqual(
      code('TLS_HOSTNAME_MISMATCH'),
    )
    await opens(server.address, { ...trust(server), servername: 'cache.example' })
  })

  it('a certificate outside its dates', async () => {
    const pki = await createPki()
    const day = 86_400_000
    const at = (days: number): Date => new Date(Date.now() + days * day)
    for (const dates of [
      { notBefore: at(-20), notAfter: at(-1) },
      { notBefore: at(1), notAfter: at(20) },
    ]) {
      const serverCertificate = await pki.issueServer(dates)
      await using server = await startMemcached('tls', { pki, serverCertificate })
      await expect(opens(server.address, trust(server))).rejects.toEqual(code('TLS_CERTIFICATE_EXPIRED'))
    }
  })

  it('a plain server', async () => {
    await using server = await startMemcached('plain')
    await expect(opens(server.address, trust(server))).rejects.toEqual(code('TLS_HANDSHAKE_FAILED'))
  })

  it('a server that closes during the handshake', async () => {
    const { ca } = await createPki()
    const server = await startFaultServer((socket) => socket.once('data', () => socket.destroy()))
    await expect(opens(server.address, { ca })).rejects.toEqual(code('TLS_HANDSHAKE_FAILED'))
    await server.close()
  })

  it('a server that never answers, in time', async () => {
    const { ca } = await createPki()
    const server = await startFaultServer(() => undefined)
    await expect(open(server.address, { ca }, 200)).rejects.toEqual(code('CONNECT_TIMEOUT'))
    await server.close()
  })

  it('an address where nothing listens', async () => {
    const { ca } = await createPki()
    const server = await startFaultServer(() => undefined)
    await server.close()
    await expect(opens(server.address, { ca })).rejects.toEqual(code('CONNECT_FAILED'))
  })
})

describe('a server that demands client certificates', () => {
  it('refuses us without one, at connect, every time', async () => {
    await using server = await startMemcached('mutual-tls')
    for (let attempt = 0; attempt < 50; attempt++) {
      await expect(opens(server.address, trust(server))).rejects.toEqual(
        code('TLS_CLIENT_CERTIFICATE_REQUIRED'),
      )
    }
  })

  it('refuses us without one on TLS 1.2', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-openssl-'))
    const OPENSSL_CONF = join(folder, 'openssl.cnf')
    await writeFile(OPENSSL_CONF, ONLY_TLS_12)
    await using server = await startMemcached('mutual-tls', { env: { OPENSSL_CONF } })
    await rm(folder, { recursive: true })
    await expect(opens(server.address, { ...trust(server), minVersion: 'TLSv1.3' })).rejects.toEqual(
      code('TLS_HANDSHAKE_FAILED'),
    )
    await opens(server.address, { ...trust(server), ...server.pki.client })
    await expect(opens(server.address, trust(server))).rejects.toEqual(
      code('TLS_CLIENT_CERTIFICATE_REQUIRED'),
    )
  })

  it('refuses a certificate of another authority, every time', async () => {
    await using server = await startMemcached('mutual-tls')
    const { client } = await createPki()
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(opens(server.address, { ...trust(server), ...client })).rejects.toEqual(
        code('TLS_CLIENT_CERTIFICATE_REJECTED'),
      )
    }
  })

  it('refuses an expired certificate of ours', async () => {
    await using server = await startMemcached('mutual-tls')
    const expired = await server.pki.issueClient({
      notBefore: new Date(Date.now() - 2 * 86_400_000),
      notAfter: new Date(Date.now() - 86_400_000),
    })
    await expect(opens(server.address, { ...trust(server), ...expired })).rejects.toEqual(
      code('TLS_CLIENT_CERTIFICATE_REJECTED'),
    )
  })
})
