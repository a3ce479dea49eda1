import { inspect } from 'node:util'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  findServerFeatures,
  partsOf,
  POSTURES,
  startMemcached,
  startRelay,
  type MemcachedServer,
  type Posture,
  type StartOptions,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { Hardening, MemcachedClientOptions } from './options.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(posture: Posture, options?: StartOptions): Promise<MemcachedServer> {
  const server = await startMemcached(posture, options)
  cleanups.push(() => server.stop())
  return server
}

function client(options: MemcachedClientOptions): MemcachedClient {
  const made = new MemcachedClient(options)
  cleanups.push(() => made.close())
  return made
}

/** What a legitimate user of the server configures. */
function legitimate({ posture, clientTls, credentials }: MemcachedServer): Hardening {
  const { tls: withTls, auth } = partsOf(posture)
  return {
    ...(withTls && { transport: tls(clientTls) }),
    ...(auth === 'ascii' && credentials !== undefined && { auth: asciiAuth(credentials) }),
    ...(auth === 'sasl' && credentials !== undefined && { auth: sasl(credentials) }),
  }
}

async function connect(
  posture: Posture,
  more: Partial<MemcachedClientOptions> = {},
): Promise<MemcachedClient> {
  const server = await start(posture)
  return client({ servers: server.address, ...legitimate(server), ...more })
}

describe.each(POSTURES)('on a server with posture %s', (posture) => {
  it('stores, reads, deletes', async () => {
    const cache = await connect(posture)
    expect(await cache.get('k')).toBeUndefined()
    await cache.set('k', 'värde')
    expect((await cache.get('k'))?.toString()).toBe('värde')
    const bytes = Buffer.from([0, 13, 10, 255, 0])
    await cache.set('k', bytes)
    expect(await cache.get('k')).toEqual(bytes)
    await cache.set('k', '')
    expect(await cache.get('k')).toEqual(Buffer.alloc(0))
    expect(await cache.delete('k')).toBe(true)
    expect(await cache.delete('k')).toBe(false)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('takes keys of UTF-8 up to 250 bytes, and values up to what the server holds', async () => {
    const cache = await connect(posture)
    const key = `ключ:${'x'.repeat(241)}`
    expect(Buffer.byteLength(key)).toBe(250)
    const large = Buffer.alloc(1_000_000, 'large')
    await cache.set(key, large)
    expect((await cache.get(key))?.equals(large)).toBe(true)
    await expect(cache.set(key, Buffer.alloc(2_000_000))).rejects.toEqual(code('VALUE_TOO_LARGE'))
    await cache.set(key, 'still here')
    expect((await cache.get(key))?.toString()).toBe('still here')
  })

  it('lets a value expire', async () => {
    const cache = await connect(posture)
    await cache.set('short', 'x', { ttl: 1 })
    await cache.set('long', 'x', { ttl: 2_592_001 })
    while ((await cache.get('short')) !== undefined);
    expect(await cache.get('long')).toBeDefined()
  })

  it('gives each of 256 concurrent readers its own value', async () => {
    const cache = await connect(posture, { middleware: [encryption({ keyring: Keyring.generate() })] })
    const keys = Array.from({ length: 256 }, (_, index) => `key:${String(index)}`)
    await Promise.all(keys.map((key) => cache.set(key, `value of ${key}`)))
    const values = await Promise.all(keys.map((key) => cache.get(key)))
    expect(values.map(String)).toEqual(keys.map((key) => `value of ${key}`))
    const many = await cache.getMany(['absent', ...keys])
    expect([...many.keys()]).toEqual(keys)
    expect([...many.values()].map(String)).toEqual(keys.map((key) => `value of ${key}`))
  })

  it('loses none of 1,000 sets of 1 kB at once', async () => {
    const cache = await connect(posture)
    const value = (index: number): Buffer => Buffer.alloc(1_000, `${String(index)}.`)
    await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => cache.set(`k${String(index)}`, value(index))),
    )
    const values = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => cache.get(`k${String(index)}`)),
    )
    for (const [index, stored] of values.entries()) expect(stored?.equals(value(index))).toBe(true)
  })
})

describe('the protocol', () => {
  it("is meta on a server with today's meta commands, and classic text on an older one", async () => {
    const { metaCommands } = await findServerFeatures()
    const server = await start('plain')
    const relay = await startRelay(server)
    cleanups.push(() => relay.close())
    const cache = client({ servers: relay.address })
    // an older "ms" would run this value as a command
    await cache.set('k', 'flush_all')
    await cache.set('l', 'flush_all')
    expect((await cache.get('k'))?.toString()).toBe('flush_all')
    expect(relay.saw('\r\nms k 9')).toBe(metaCommands)
    expect(relay.saw('\r\nset k 0 0 9\r\n')).toBe(!metaCommands)
  })

  it('meta, chosen by name, is an error on a server without it, and runs nothing', async () => {
    const { metaCommands } = await findServerFeatures()
    const server = await start('plain')
    await client({ servers: server.address, protocol: 'text' }).set('mine', 'x')
    const cache = client({ servers: server.address, protocol: 'meta' })
    const stored = cache.set('k', 'flush_all')
    if (metaCommands) expect(await stored).toBe(true)
    else await expect(stored).rejects.toEqual(code('SERVER_UNSUPPORTED'))
    const other = client({ servers: server.address, protocol: 'text' })
    expect((await other.get('mine'))?.toString()).toBe('x')
    expect((await other.get('k'))?.toString()).toBe(metaCommands ? 'flush_all' : undefined)
  })
})

describe('a bad key', () => {
  it.each([
    ['a space', 'a b'],
    ['a line feed', 'a\r\nset injected 0 0 1\r\nx'],
    ['a NUL', 'a\0'],
    ['251 bytes', 'x'.repeat(251)],
    ['nothing', ''],
  ])('with %s is refused before a byte leaves', async (_, key) => {
    const server = await start('plain')
    const relay = await startRelay(server)
    cleanups.push(() => relay.close())
    const cache = client({ servers: relay.address })
    await expect(cache.get(key)).rejects.toEqual(code('INVALID_KEY'))
    await expect(cache.set(key, 'x')).rejects.toEqual(code('INVALID_KEY'))
    await expect(cache.delete(key)).rejects.toEqual(code('INVALID_KEY'))
    await expect(cache.getMany(['good', key])).rejects.toEqual(code('INVALID_KEY'))
    expect(relay.connections).toBe(0)
    await cache.get('good')
    const { metaCommands } = await findServerFeatures()
    expect(relay.sent().toString()).toMatch(
      metaCommands
        ? /^version\r\n.*version\r\nmg good v f O\d+\r\n$/s
        : /^version\r\n.*version\r\nget good\r\n$/s,
    )
  })
})

describe('what is wrong ends in an error of its own, and no command is sent', () => {
  const misconfigured: [string, Posture, (server: MemcachedServer) => Hardening, string][] = [
    ['a wrong password (SASL)', 'tls+sasl', wrongPassword(sasl), 'AUTH_REJECTED'],
    ['a wrong password (ASCII)', 'tls+ascii-auth', wrongPassword(asciiAuth), 'AUTH_REJECTED'],
    [
      'a missing password',
      'tls+ascii-auth',
      ({ pki }) => ({ transport: tls({ ca: pki.ca }) }),
      'AUTH_REQUIRED',
    ],
    [
      'no client certificate',
      'mutual-tls',
      ({ pki }) => ({ transport: tls({ ca: pki.ca }) }),
      'TLS_CLIENT_CERTIFICATE_REQUIRED',
    ],
    ['an unknown CA', 'tls', () => ({ transport: tls() }), 'TLS_INCOMPLETE_CHAIN'],
    ['a server that wants no password (SASL)', 'tls', wrongPassword(sasl), 'AUTH_NOT_REQUIRED'],
    ['a server that wants no password (ASCII)', 'tls', wrongPassword(asciiAuth), 'AUTH_NOT_REQUIRED'],
  ]

  function wrongPassword(auth: typeof sasl) {
    return ({ pki }: MemcachedServer): Hardening => ({
      transport: tls({ ca: pki.ca }),
      auth: auth({ username: 'memkeep', password: 'hunter2' }),
    })
  }

  it.each(misconfigured)('%s', async (_, posture, hardening, name) => {
    const server = await start(posture)
    const cache = client({ servers: server.address, ...hardening(server) })
    const error: unknown = await cache.set('stolen', 'secret').catch((reason: unknown) => reason)
    expect(error).toEqual(code(name))
    expect((error as Error).message).toMatch(/: .{20}/)
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('hunter2')
    expect(await client({ servers: server.address, ...legitimate(server) }).get('stolen')).toBeUndefined()
  })

  it.each([
    ['a certificate for another host', { hosts: ['cache.example'] }, 'TLS_IP_MISMATCH'],
    ['an expired certificate', { notBefore: new Date(0), notAfter: new Date(1) }, 'TLS_CERTIFICATE_EXPIRED'],
  ])('%s', async (_, issue, name) => {
    const plain = await start('tls')
    const serverCertificate = await plain.pki.issueServer(issue)
    const server = await start('tls', { pki: plain.pki, serverCertificate })
    const relay = await startRelay(server)
    cleanups.push(() => relay.close())
    const cache = client({ servers: relay.address, transport: tls({ ca: server.pki.ca }) })
    await expect(cache.set('k', 'secret')).rejects.toEqual(code(name))
  })

  it('a server written memcacheds:// without TLS', async () => {
    const server = await start('plain')
    const cache = client({ servers: `memcacheds://${server.address}` })
    await expect(cache.get('k')).rejects.toEqual(code('TLS_REQUIRED'))
  })

  it('nobody there', async () => {
    const server = await start('plain')
    await server.stop()
    await expect(client({ servers: server.address }).get('k')).rejects.toEqual(code('CONNECT_FAILED'))
    await expect(client({ servers: '/nowhere/memcached.sock' }).get('k')).rejects.toEqual(
      code('CONNECT_FAILED'),
    )
  })
})

describe('options and values', () => {
  it('are refused by name when they do not hold', () => {
    const servers = '127.0.0.1'
    expect(() => new MemcachedClient({ servers: '127.0.0.1:x' })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_ENDPOINT' }) as Error,
    )
    expect(() => new MemcachedClient({ servers: 'a,a' })).toThrow(/twice/)
    expect(() => new MemcachedClient({ servers, timeout: 0 })).toThrow(/timeout/)
    expect(() => new MemcachedClient({ servers, connectTimeout: 1.5 })).toThrow(/connectTimeout/)
    expect(() => new MemcachedClient({ servers, tsl: {} } as MemcachedClientOptions)).toThrow(/"tsl"/)
  })

  it('of the wrong type are refused before anything is sent', async () => {
    const cache = client({ servers: '127.0.0.1:1' })
    await expect(cache.set('k', 7 as never)).rejects.toThrow(TypeError)
    await expect(cache.set('k', 'x', { ttl: -1 })).rejects.toThrow(RangeError)
    await expect(cache.set('k', 'x', { ttl: 0.5 })).rejects.toThrow(RangeError)
  })
})
