import { asciiAuth, sasl } from '@memkeep/sasl'
import { describe, expect, it } from 'vitest'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'

const credentials = { username: 'user', password: 'password' }

it('a lifetime that is none is refused at once', () => {
  for (const lifetime of [0.5, NaN, Date.now()]) {
    expect(() => new HardenedMemcacheClient({ server: '127.0.0.1:1', lifetime })).toThrow(
      /"lifetime" must be/,
    )
  }
})

describe('several servers', () => {
  it.each([
    ['cache1, cache2'],
    [['cache1', 'cache2']],
    [
      [
        { host: 'cache1', port: 11_211 },
        { host: 'cache2', port: 11_211 },
      ],
    ],
    [{ server: 'cache1,cache2' }],
    [{ server: { server: 'cache1,cache2' }, config: {} }],
  ])('are refused where they may be meant as shards: %j', (server) => {
    const make = (): unknown => new HardenedMemcacheClient({ server: server as never })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(/use MemcachedClient; for proxies .* server: \{ servers: /)
  })

  it.each([
    [{ servers: [{ server: 'cache1' }, { server: 'cache2', maxConnections: 2 }] }],
    [{ servers: ['cache1', { host: 'cache2', port: 11_211 }] }],
    [{ servers: 'cache1, cache2' }],
    [{ server: { servers: ['cache1', 'cache2'] }, config: {} }],
  ])('are proxies where they are so written: %j', (server) => {
    expect(new HardenedMemcacheClient({ server: server as never })).toBeInstanceOf(HardenedMemcacheClient)
  })
})

describe('options of MemcachedClient', () => {
  const make = (options: object): unknown => new HardenedMemcacheClient({ server: '127.0.0.1:1', ...options })

  it.each([
    [{ distribution: 'modulo' }, 'memcache-client does not support "distribution"'],
    [{ onServerDown: 'miss' }, 'memcache-client does not support "onServerDown"'],
    [{ idleTimeout: 60_000 }, 'memcache-client does not support "idleTimeout"'],
    [{ discovery: {} }, 'memcache-client does not support "discovery"'],
    [{ protocol: 'meta' }, 'memcache-client speaks the text protocol only: '],
    [{ protocol: 'binary' }, 'memcache-client speaks the text protocol only: '],
    [{ protocol: 'binary', auth: asciiAuth(credentials) }, 'the text protocol only with ascii'],
    [{ protocol: 'text', auth: sasl(credentials) }, 'the binary protocol only with sasl'],
    [{ servers: ['cache1:11211'] }, 'pass the servers as "server"'],
  ])('are refused: %j', (options, message) => {
    expect(() => make(options)).toThrow(TypeError)
    expect(() => make(options)).toThrow(message)
  })

  it.each([
    { protocol: 'text' },
    { protocol: 'text', auth: asciiAuth(credentials) },
    { protocol: 'binary', auth: sasl(credentials) },
    { protocol: 'auto' },
    { distribution: undefined, protocol: undefined },
  ])('are accepted where memcache-client does the same: %j', (options) => {
    expect(make(options)).toBeInstanceOf(HardenedMemcacheClient)
  })
})
