import { MemkeepError } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SETTINGS, URI_PARAMETERS } from './settings.ts'
import { readUri } from './uri.ts'

function parts(uri: string): unknown {
  const { servers, secure, settings } = readUri(uri)
  return { servers, secure, ...Object.fromEntries([...settings].map(([name, { value }]) => [name, value])) }
}

describe('readUri', () => {
  it.each([
    ['memcached://cache1', { servers: ['cache1'], secure: false }],
    ['MemcacheDs://cache1:11211/', { servers: ['cache1:11211'], secure: true }],
    ['memcached://cache1,, cache2,\n', { servers: ['cache1', 'cache2'], secure: false }],
    ['memcacheds://cache1,memcacheds://cache2/', { servers: ['cache1', 'cache2'], secure: true }],
    ['memcacheds://unix:/run/m.sock', { servers: ['unix:/run/m.sock'], secure: true }],
    ['cache1, unix:/run/m.sock', { servers: ['cache1, unix:/run/m.sock'], secure: undefined }],
    ['memcacheds://[::1]:11212,10.0.0.1', { servers: ['[::1]:11212', '10.0.0.1'], secure: true }],
    ['memcached:///run/memcached.sock', { servers: ['/run/memcached.sock'], secure: false }],
    [
      'memcached://user@/run/a%3Fb.sock?passwordFile=/run/secrets/p%40ss',
      { servers: ['/run/a?b.sock'], secure: false, username: 'user', passwordFile: '/run/secrets/p@ss' },
    ],
    [
      'memcacheds://us%3Aer:p%40ss:w%2Frd@cache1:11211,cache2?ca=/etc/ssl/ca.pem&auth=sasl',
      {
        ...{ servers: ['cache1:11211', 'cache2'], secure: true, username: 'us:er', password: 'p@ss:w/rd' },
        ...{ ca: '/etc/ssl/ca.pem', auth: 'sasl' },
      },
    ],
    [
      'memcacheds://cache1?pins=sha256/a+b=,sha256/c%2Bd=',
      { servers: ['cache1'], secure: true, pins: 'sha256/a+b=,sha256/c+d=' },
    ],
  ])('reads %s', (uri, expected) => {
    expect(parts(uri)).toEqual(expected)
  })

  it('reads back whatever was encoded', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    const server = fc.oneof(
      fc.domain(),
      fc
        .tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 }))
        .map(([host, port]) => `${host}:${String(port)}`),
      fc.ipV4(),
      fc.ipV6().map((host) => `[${host}]`),
    )
    const parameters = fc.dictionary(fc.constantFrom(...URI_PARAMETERS), text, { maxKeys: 5 })
    fc.assert(
      fc.property(
        text,
        text,
        fc.array(server, { minLength: 1 }),
        parameters,
        fc.boolean(),
        (username, password, servers, given, secure) => {
          const query = Object.entries(given).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
          const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
          const uri = `memcached${secure ? 's' : ''}://${user}@${servers.join()}?${query.join('&')}`
          expect(parts(uri)).toEqual({ servers, secure, username, password, ...given })
        },
      ),
    )
  })

  it.each([
    ['', 'begins with neither'],
    ['redis://cache1', 'begins with neither'],
    ['memcached://', 'names no server'],
    ['memcached://?ca=a', 'names no server'],
    ['memcached://user:password@', 'names no server'],
    ['memcached://,', 'names no server'],
    ['user:password@cache1', 'begins with neither'],
    ['cache1?ca=a', 'begins with neither'],
    ['memcached://cache1:0', 'place 1'],
    ['memcached://::1', 'place 1'],
    ['memcached://cache1,memcacheds://cache2', 'place 2'],
    ['memcached:///run/a%2Cb.sock', 'place 1'],
    ['memcached://us er@cache1', 'white space'],
    ['memcached://cache1?ca=a b', 'white space'],
    ['memcached://cache1\u009b', 'control character'],
    ['memcached://cache1#here', '"#"'],
    ['memcached://@cache1', 'no user name'],
    ['memcached://:password@cache1', 'no user name'],
    ['memcached://user:@cache1', 'empty password'],
    ['memcached://user:p@ssword@cache1', 'percent-encoded'],
    ['memcached://user:pass/word@cache1', 'percent-encoded'],
    ['memcached://user:password@cache1,user:password@cache2', 'once, before the first server'],
    ['memcached://user:pass?word@cache1', 'after its "?"'],
    ['memcached://user:100%@cache1', 'percent-encoded'],
    ['memcached://user:%ff@cache1', 'percent-encoded'],
    ['memcached://cache1?ca=%', 'percent-encoded'],
  ])('refuses %s', (uri, message) => {
    expect(() => readUri(uri)).toThrow(message)
    expect(() => readUri(uri)).toThrow(MemkeepError)
  })

  it.each([
    ['memcached://cache1?', undefined],
    ['memcached://cache1?ca=a&cert=b&nope=c', 'Parameter 3 of the URI is unknown: the known ones are ca, '],
    ['memcached://cache1?CA=a', 'Parameter 1'],
    ['memcached://cache1?ca=a&', 'Parameter 2'],
    ['memcached://cache1?toString=a', 'Parameter 1'],
    ['memcached://cache1?ca=a&ca=a', '"ca" stands twice'],
    ['memcached://cache1?ca', '"ca" of the URI is empty'],
    ['memcached://cache1?ca=', '"ca" of the URI is empty'],
  ])('takes known parameters alone, once each: %s', (uri, message) => {
    if (message === undefined) expect(() => readUri(uri)).not.toThrow()
    else expect(() => readUri(uri)).toThrow(new RegExp(`^.*${message}`))
  })

  it.each([
    ...[
      'password',
      'username',
      'passphrase',
      'keysText',
      'rejectUnauthorized',
      'dangerouslySkipVerification',
    ],
    ...['allowInsecureAuth', 'migration', 'allowGroup', 'ciphers'],
  ])('has no parameter %s: what is secret, or weakens, is none', (name) => {
    expect(() => readUri(`memcacheds://cache1?${name}=true`)).toThrow(TypeError)
  })

  it('repeats no password, however wrong the URI is', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{6}[ -~]{0,12}$/)
    const around = fc.constantFrom('', '/', '?', '#', '@', ':', ',', '%', '&', '=', ' ')
    const wrong = fc.constantFrom(
      '',
      'cache1:',
      'cache1:x',
      ',',
      '[::1',
      '?nope=1',
      '?ca=',
      '?ca=%',
      '?ca&ca',
    )
    fc.assert(
      fc.property(
        secret,
        around,
        fc.constantFrom('@', ''),
        wrong,
        around,
        (password, odd, at, server, end) => {
          const uri = `memcacheds://user:${odd}${password}${at}${server}${end}`
          let message = ''
          try {
            readUri(uri)
          } catch (error) {
            message = String((error as Error).stack)
          }
          expect(message).not.toContain(password.slice(0, 6))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('ends in an answer or an error for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), fc.boolean(), (text, prefixed) => {
        try {
          expect(readUri(prefixed ? `memcached://${text}` : text).servers.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error instanceof MemkeepError || error instanceof TypeError).toBe(true)
        }
      }),
    )
  })
})

describe('SETTINGS', () => {
  it('has a variable of its own for each', () => {
    const variables = Object.values(SETTINGS).map(({ variable }) => variable)
    expect(new Set(variables).size).toBe(variables.length)
    for (const variable of variables) expect(variable).toMatch(/^MEMKEEP_[A-Z_]+$/)
  })
})
