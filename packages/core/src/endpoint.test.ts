import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatEndpoint, isLoopbackHost, parseEndpoint, parseEndpoints } from './endpoint.ts'

const invalid = expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_ENDPOINT' }) as Error

describe('parseEndpoint', () => {
  it.each([
    ['cache1', { host: 'cache1', port: 11211 }],
    ['cache1:11212', { host: 'cache1', port: 11212 }],
    ['0001.cluster.cache.example:11211', { host: '0001.cluster.cache.example', port: 11211 }],
    ['10.0.0.7:1', { host: '10.0.0.7', port: 1 }],
    ['[::1]', { host: '::1', port: 11211 }],
    ['[2001:db8::7]:65535', { host: '2001:db8::7', port: 65535 }],
    ['/run/memcached.sock', { path: '/run/memcached.sock' }],
    ['memcached://cache1', { host: 'cache1', port: 11211 }],
    ['memcached://cache1:11212/', { host: 'cache1', port: 11212 }],
    ['memcacheds://[::1]:11212', { host: '::1', port: 11212, secure: true }],
    ['MEMCACHEDS://cache1', { host: 'cache1', port: 11211, secure: true }],
    ['memcached:///run/memcached.sock', { path: '/run/memcached.sock' }],
    ['memcacheds:///run/memcached.sock', { path: '/run/memcached.sock', secure: true }],
  ])('reads %s', (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint)
  })

  it.each([
    '',
    ':11211',
    'cache1:',
    'cache1:0',
    'cache1:65536',
    'cache1:1e3',
    'cache1:+1',
    'cache1 :11211',
    '::1',
    '::1:11211',
    '[::1',
    '[cache1]:11211',
    '[::1]11211',
    '127.0.0.256',
    '-cache',
    'cache..example',
    'redis://cache1',
    'http://cache1',
    'memcached://',
    'memcached://cache1/path',
    'memcached://cache1?tls=1',
    'memcached://cache1#x',
    'cache1\r\nset x 0 0 1',
  ])('refuses %j', (text) => {
    expect(() => parseEndpoint(text)).toThrow(invalid)
  })

  it('refuses credentials without repeating them', () => {
    expect(() => parseEndpoint('memcacheds://user:hunter2@cache1')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }) as Error,
    )
  })

  it('gives back what formatEndpoint wrote', () => {
    const endpoints = fc.oneof(
      fc.record({ host: fc.oneof(fc.domain(), fc.ipV4()), port: fc.integer({ min: 1, max: 65535 }) }),
      fc.record({ host: fc.ipV6(), port: fc.integer({ min: 1, max: 65535 }) }),
    )
    fc.assert(
      fc.property(endpoints, (endpoint) => {
        expect(parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint)
      }),
    )
  })

  it('never throws anything but its own error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseEndpoint(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_MEMKEEP_INVALID_ENDPOINT' })
        }
      }),
    )
  })
})

describe('parseEndpoints', () => {
  it('reads text lists, arrays and objects, in order', () => {
    const three = [{ host: 'a', port: 11211 }, { host: 'b', port: 2 }, { path: '/s' }]
    expect(parseEndpoints('a,b:2, /s')).toEqual(three)
    expect(parseEndpoints(['a', 'b:2', '/s'])).toEqual(three)
    expect(parseEndpoints(['a', { host: 'b', port: 2 }, { path: '/s' }])).toEqual(three)
    expect(parseEndpoints({ path: '/s' })).toEqual([{ path: '/s' }])
  })

  it('lets a scheme hold for the rest of its list', () => {
    expect(parseEndpoints('memcacheds://a,b:2')).toEqual([
      { host: 'a', port: 11211, secure: true },
      { host: 'b', port: 2, secure: true },
    ])
  })

  it.each([
    [''],
    [' , '],
    [[]],
    ['a,a:11211'],
    [{ host: 'a', port: 0 }],
    [{ host: 'a\r\n', port: 1 }],
    [{ path: 's' }],
  ])('refuses %j', (input) => {
    expect(() => parseEndpoints(input)).toThrow(invalid)
  })
})

describe('isLoopbackHost', () => {
  it.each([
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '::ffff:127.0.0.1',
    'localhost',
    'LOCALHOST',
    'a.localhost',
    'localhost.',
  ])('holds for %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })
  it.each(['128.0.0.1', '::2', '::ffff:10.0.0.1', 'localhost.example', 'notlocalhost', '0.0.0.0', ''])(
    'does not hold for %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false)
    },
  )
})
