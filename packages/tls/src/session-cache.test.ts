import { X509Certificate } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChannel, parseEndpoint } from '@memkeep/core'
import { createPki, startMemcached, startRelay } from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { onlyVersion } from '../test/only-version.ts'
import { CHANNEL_NAMES, type HandshakeMessage } from './channels.ts'
import { nextUpdateOf } from './revocation-list.ts'
import { SessionCache, type Ticket } from './session-cache.ts'
import type { TlsTransport } from './tls-transport.ts'
import { tls } from './tls.ts'

const SESSION_CACHE = { args: ['-o', 'ssl_session_cache'] }

/** What became of every handshake of the test, in order. */
let handshakes: HandshakeMessage[] = []
const note = (message: unknown): void => {
  handshakes.push(message as HandshakeMessage)
}
const resumed = (): readonly boolean[] => handshakes.map((message) => message.resumed)

beforeEach(() => {
  handshakes = []
  subscribe(CHANNEL_NAMES.handshake, note)
})
afterEach(() => {
  unsubscribe(CHANNEL_NAMES.handshake, note)
})

async function connect(transport: TlsTransport, { address }: { readonly address: string }): Promise<void> {
  const signal = AbortSignal.timeout(10_000)
  const channel = await openChannel(parseEndpoint(address), { transport, signal })
  channel.destroy()
}

describe('a session', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is resumed at reconnect (%s)', async (version) => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-sessions-'))
    await using server = await startMemcached('tls', { env: await onlyVersion(version, folder) })
    using transport = tls({ ca: server.pki.ca })
    for (let time = 0; time < 5; time++) await connect(transport, server)
    await rm(folder, { recursive: true })
    expect(resumed()).toEqual([false, true, true, true, true])
    expect(handshakes.every(({ protocol }) => protocol === version)).toBe(true)
  })

  it('shows the certificate that was verified', async () => {
    await using server = await startMemcached('tls')
    using transport = tls({ ca: server.pki.ca })
    await connect(transport, server)
    const signal = AbortSignal.timeout(10_000)
    const channel = await openChannel(parseEndpoint(server.address), { transport, signal })
    expect(transport.describe().connections).toMatchObject([
      { resumed: true, certificate: { subject: 'CN=memcached', serialNumber: expect.any(String) as string } },
    ])
    channel.destroy()
  })

  it('is resumed with a client certificate where the server keeps sessions', async () => {
    await using server = await startMemcached('mutual-tls', SESSION_CACHE)
    using transport = tls(server.clientTls)
    await connect(transport, server)
    await connect(transport, server)
    expect(resumed()).toEqual([false, true])
  })

  it('is offered once to a server that breaks off for it, and the connection is made all the same', async () => {
    await using server = await startMemcached('mutual-tls')
    await using relay = await startRelay(server)
    using transport = tls(server.clientTls)
    for (let time = 0; time < 4; time++) await connect(transport, relay)
    // each one alone, but for the second: once with its session, and again without
    expect(relay.connections).toBe(5)
    expect(handshakes.map(({ error }) => error === undefined)).toEqual([true, false, true, true, true])
    expect(resumed()).not.toContain(true)
  })

  it('is used by the transport that made it, with the same server, alone', async () => {
    await using server = await startMemcached('tls')
    await using relay = await startRelay(server)
    using transport = tls({ ca: server.pki.ca })
    using other = tls({ ca: server.pki.ca })
    await connect(transport, server)
    await connect(other, server)
    await connect(transport, relay)
    expect(resumed()).toEqual([false, false, false])
    await connect(transport, server)
    expect(resumed()).toEqual([false, false, false, true])
  })

  it('is forgotten with the certificates that it was made with', async () => {
    await using server = await startMemcached('tls')
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-sessions-'))
    const file = join(folder, 'ca.pem')
    await writeFile(file, server.pki.ca)
    using transport = tls({ ca: { file }, watchInterval: 0 })
    await connect(transport, server)
    await writeFile(file, `${server.pki.ca}\n`)
    expect(await transport.reload()).toBe(true)
    await connect(transport, server)
    await connect(transport, server)
    expect(resumed()).toEqual([false, false, true])
    await rm(folder, { recursive: true })
  })
})

/** Connects; again, by the session; and once more at a later time by our clock, while OpenSSL's stays. */
async function connectLater(
  transport: TlsTransport,
  server: { readonly address: string },
  time: Date,
): Promise<void> {
  await connect(transport, server)
  await connect(transport, server)
  vi.useFakeTimers({ toFake: ['Date'], now: time })
  try {
    await connect(transport, server)
  } finally {
    vi.useRealTimers()
  }
}

describe('the end of a session', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is when a revocation list is due (%s)', async (version) => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-sessions-'))
    await using server = await startMemcached('tls', { env: await onlyVersion(version, folder) })
    const nextUpdate = new Date(Date.now() + 3_600_000)
    const crl = [await server.pki.revoke([]), await server.pki.revoke([], { nextUpdate })]
    using transport = tls({ ca: server.pki.ca, crl })
    await connectLater(transport, server, nextUpdate)
    expect(resumed()).toEqual([false, true, false])
    await rm(folder, { recursive: true })
  })

  it('is when the first certificate of the chain ends', async () => {
    const pki = await createPki()
    const notAfter = new Date(Date.now() + 3_600_000)
    const intermediate = await pki.issueAuthority({ notAfter })
    const { cert, key } = await intermediate.issueServer()
    await using server = await startMemcached('tls', {
      pki,
      serverCertificate: { cert: cert + intermediate.ca, key },
    })
    using transport = tls({ ca: pki.ca })
    await connectLater(transport, server, notAfter)
    expect(resumed()).toEqual([false, true, false])
  })

  it('is a day after the server was verified, however often it was resumed since', async () => {
    await using server = await startMemcached('tls')
    using transport = tls({ ca: server.pki.ca })
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      await connect(transport, server)
      for (let hours = 0; hours < 24; hours += 8) {
        await connect(transport, server)
        vi.setSystemTime(Date.now() + 8 * 3_600_000)
      }
      await connect(transport, server)
      await connect(transport, server)
    } finally {
      vi.useRealTimers()
    }
    expect(resumed()).toEqual([false, true, true, true, false, true])
  })

  it('is its greatest age, when one is given; 0 resumes none', async () => {
    await using server = await startMemcached('tls')
    using never = tls({ ca: server.pki.ca, maxSessionAge: 0 })
    for (let time = 0; time < 3; time++) await connect(never, server)
    expect(resumed()).toEqual([false, false, false])
  })
})

describe('nextUpdateOf', () => {
  it('reads when a list is due, as OpenSSL shows it', async () => {
    const pki = await createPki()
    for (const time of ['2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z', '1970-01-02T03:04:05Z']) {
      const pem = await pki.revoke([pki.server.cert], { nextUpdate: new Date(time) })
      expect(nextUpdateOf(pem), time).toBe(Date.parse(time))
    }
  })

  it('resumes nothing by a list that it does not understand', () => {
    for (const bytes of [[], [0x30], [0x30, 0x82, 0xff], [0x30, 0x80], [0x30, 0x03, 0x30, 0x01, 0x17]]) {
      const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(bytes).toString('base64')}\n-----END X509 CRL-----`
      expect(nextUpdateOf(pem), String(bytes)).toBe(0)
    }
  })
})

describe('SessionCache', () => {
  let certificate: X509Certificate
  beforeEach(async () => {
    certificate = new X509Certificate((await createPki()).server.cert)
  })
  const ticket = (name: string, protocol = 'TLSv1.3'): Ticket => ({
    session: Buffer.from(name),
    certificate,
    until: Date.parse(certificate.validTo),
    protocol,
  })

  it('gives the newest first, and those of TLS 1.3 once', () => {
    const cache = new SessionCache()
    cache.put('one', ticket('a'))
    cache.put('one', ticket('b'))
    cache.put('two', ticket('c', 'TLSv1.2'))
    expect([1, 2, 3].map(() => cache.take('one')?.session.toString())).toEqual(['b', 'a', undefined])
    expect([1, 2, 3].map(() => cache.take('two')?.session.toString())).toEqual(['c', 'c', 'c'])
  })

  it('gives none beyond its end', () => {
    const cache = new SessionCache()
    cache.put('one', ticket('a'))
    vi.setSystemTime(Date.parse(certificate.validTo) + 1)
    try {
      expect(cache.take('one')).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
    expect(cache.take('one')).toBeUndefined()
  })

  it('keeps a bounded number, of servers and of each', () => {
    const cache = new SessionCache()
    for (let index = 0; index < 1000; index++) {
      cache.put('one', ticket(`ticket${String(index)}`))
      cache.put(`server${String(index)}`, ticket('a'))
    }
    const left: string[] = []
    for (let next = cache.take('one'); next !== undefined; next = cache.take('one'))
      left.push(next.session.toString())
    expect(left).toEqual(['ticket999', 'ticket998', 'ticket997', 'ticket996'])
    expect(cache.take('server0')).toBeUndefined()
    expect(cache.take('server999')).toBeDefined()
  })

  it('keeps none of a server that refuses them', () => {
    const cache = new SessionCache()
    cache.put('one', ticket('a'))
    cache.refuse('one')
    cache.put('one', ticket('b'))
    expect(cache.take('one')).toBeUndefined()
  })
})
