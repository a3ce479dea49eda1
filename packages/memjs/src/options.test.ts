import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'
import { readServers } from './options.ts'

const VARIABLES = ['MEMCACHIER_SERVERS', 'MEMCACHE_SERVERS']

afterEach(() => {
  for (const name of VARIABLES) Reflect.deleteProperty(process.env, name)
})

describe('the string of servers', () => {
  it("is read as memjs's", () => {
    expect(readServers('cache1, user:pass@cache2:1234')).toEqual([
      { endpoint: { host: 'cache1', port: 11211 }, username: undefined, password: undefined },
      { endpoint: { host: 'cache2', port: 1234 }, username: 'user', password: 'pass' },
    ])
    expect(readServers('user:p@ss:word://@cache1')).toMatchObject([
      { endpoint: { host: 'cache1' }, username: 'user', password: 'p@ss:word://' },
    ])
  })

  it('comes from the environment when there is none', () => {
    expect(readServers('')).toMatchObject([{ endpoint: { host: 'localhost', port: 11211 } }])
    process.env['MEMCACHE_SERVERS'] = 'second:2'
    expect(readServers(undefined)).toMatchObject([{ endpoint: { host: 'second', port: 2 } }])
    process.env['MEMCACHIER_SERVERS'] = 'first:1'
    expect(readServers(undefined)).toMatchObject([{ endpoint: { host: 'first', port: 1 } }])
    expect(readServers('given:3')).toMatchObject([{ endpoint: { host: 'given', port: 3 } }])
  })

  it('demands TLS of the rest of its list, also before a user name', () => {
    for (const list of ['memcacheds://cache1,cache2', 'memcacheds://user:pass@cache1,user:pass@cache2']) {
      const servers = readServers(list)
      expect(servers.map(({ endpoint }) => endpoint.secure)).toEqual([true, true])
      expect(servers.map(({ endpoint }) => 'host' in endpoint && endpoint.host)).toEqual(['cache1', 'cache2'])
    }
    expect(readServers('MEMCACHEDS://user:pass@cache1')).toMatchObject([
      { endpoint: { secure: true }, username: 'user', password: 'pass' },
    ])
    expect(readServers('memcacheds://a,memcached://b').map(({ endpoint }) => endpoint.secure)).toEqual([
      true,
      undefined,
    ])
  })

  it('repeats no password in its errors', () => {
    let error: unknown
    try {
      readServers('user:hunter,22@cache1')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'ERR_MEMKEEP_INVALID_ENDPOINT' })
    expect(inspect(error, { showHidden: true })).not.toContain('hunter')
    expect(() => readServers('cache1:port')).toThrow('has a port that is not a number')
  })
})

describe('options of MemcachedClient', () => {
  const create = (options: object): unknown => HardenedMemjsClient.create('127.0.0.1:1', options)

  it.each([
    [{ distribution: 'modulo' }, 'memjs does not support "distribution"'],
    [{ onServerDown: 'miss' }, 'memjs does not support "onServerDown"'],
    [{ idleTimeout: 60_000 }, 'memjs does not support "idleTimeout"'],
    [{ discovery: {} }, 'memjs does not support "discovery"'],
    [{ protocol: 'text' }, 'memjs speaks the binary protocol only'],
    [{ protocol: 'meta' }, 'memjs speaks the binary protocol only'],
    [{ servers: ['cache1:11211'] }, 'pass the servers as the first argument'],
  ])('are refused: %j', (options, message) => {
    expect(() => create(options)).toThrow(TypeError)
    expect(() => create(options)).toThrow(message)
  })

  it.each([{ protocol: 'binary' }, { protocol: 'auto' }, { distribution: undefined, protocol: undefined }])(
    'are accepted where memjs does the same: %j',
    (options) => {
      expect(create(options)).toBeInstanceOf(HardenedMemjsClient)
    },
  )
})
