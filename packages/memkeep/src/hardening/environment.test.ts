import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEnvironment, type Environment } from './environment.ts'
import { readSettings } from './read-settings.ts'

const URI = 'memcacheds://cache1'

describe('readEnvironment', () => {
  it('reads the URI, and what goes with it', () => {
    const { servers, secure, settings } = readEnvironment({
      ...{ PATH: '/bin', MEMKEEP_URI: `${URI},cache2?ca=/ca.pem`, MEMKEEP_USERNAME: 'user' },
      ...{
        MEMKEEP_PASSWORD: 'secret',
        MEMKEEP_MEMCACHED: '/usr/bin/memcached',
        MEMKEEP_CHROMIUM: '/usr/bin/chromium',
        MEMKEEP_CONTEXT: undefined,
      },
    })
    expect({ servers, secure }).toEqual({ servers: ['cache1', 'cache2'], secure: true })
    expect([...settings].map(([name, { value, from }]) => [name, value, from])).toEqual([
      ['ca', '/ca.pem', '"ca" of the URI'],
      ['username', 'user', 'MEMKEEP_USERNAME'],
      ['password', 'secret', 'MEMKEEP_PASSWORD'],
    ])
  })

  it.each([['MEMCACHIER'], ['MEMCACHEDCLOUD'], ['MEMCACHE']])('reads what a service sets: %s_…', (prefix) => {
    const env = {
      [`${prefix}_SERVERS`]: 'mc1.example:11211,mc2.example:11211',
      [`${prefix}_USERNAME`]: 'user',
      [`${prefix}_PASSWORD`]: 'secret',
    }
    expect(readSettings(readEnvironment(env))).toMatchObject({
      servers: ['mc1.example:11211,mc2.example:11211'],
      sasl: { username: 'user' },
    })
    expect(readSettings(readEnvironment({ ...env, MEMKEEP_CA: '/ca.pem' }))).toHaveProperty('tls')
  })

  it('prefers the URI to what a service sets, and to its password', () => {
    const hosted = { MEMCACHIER_SERVERS: 'mc1.example', MEMCACHIER_USERNAME: 'a', MEMCACHIER_PASSWORD: 'b' }
    const { servers, settings } = readEnvironment({ ...hosted, MEMKEEP_URI: URI })
    expect(servers).toEqual(['cache1'])
    expect([...settings]).toEqual([])
  })

  it.each<[string, Environment, string]>([
    ['no server', {}, 'No server is named: set MEMKEEP_URI'],
    ['settings without a server', { MEMKEEP_CA: '/ca.pem' }, 'No server is named'],
    ['an empty list', { MEMCACHIER_SERVERS: ' ' }, 'No server is named'],
    [
      'a misspelt variable',
      { MEMKEEP_URI: URI, MEMKEEP_KEYSS: 'x' },
      'The variable MEMKEEP_KEYSS is unknown; there are MEMKEEP_URI, ',
    ],
    [
      'one that would weaken',
      { MEMKEEP_URI: URI, MEMKEEP_ALLOW_INSECURE_AUTH: 'true' },
      'MEMKEEP_ALLOW_INSECURE_AUTH is unknown',
    ],
    ['empty keys', { MEMKEEP_URI: URI, MEMKEEP_KEYS: '' }, 'The variable MEMKEEP_KEYS is empty'],
    [
      'a blank password',
      { MEMKEEP_URI: URI, MEMKEEP_PASSWORD: ' ' },
      'The variable MEMKEEP_PASSWORD is empty',
    ],
    [
      'the URI and a variable',
      { MEMKEEP_URI: `${URI}?ca=/a`, MEMKEEP_CA: '/a' },
      'MEMKEEP_CA and "ca" of the URI say the same',
    ],
    [
      'two passwords',
      { MEMKEEP_URI: 'memcacheds://a:b@c', MEMKEEP_PASSWORD: 'd' },
      'MEMKEEP_PASSWORD and the password of the URI say the same',
    ],
    [
      'a user of ours and of a service',
      { MEMCACHE_SERVERS: 'a', MEMCACHE_USERNAME: 'b', MEMKEEP_USERNAME: 'c' },
      'MEMKEEP_USERNAME and MEMCACHE_USERNAME say the same',
    ],
    [
      'two services',
      { MEMCACHIER_SERVERS: 'a', MEMCACHE_SERVERS: 'a' },
      'MEMCACHIER_SERVERS and MEMCACHE_SERVERS both name servers',
    ],
    ['a wrong URI', { MEMKEEP_URI: 'redis://cache1' }, 'MEMKEEP_URI: The URI begins with neither'],
    ['a wrong parameter', { MEMKEEP_URI: `${URI}?nope=1` }, 'MEMKEEP_URI: Parameter 1 of the URI is unknown'],
    [
      'a wrong list',
      { MEMCACHIER_SERVERS: 'user:secret@mc1' },
      'MEMCACHIER_SERVERS holds no list of servers',
    ],
  ])('refuses %s', (_name, env, message) => {
    expect(() => readEnvironment(env)).toThrow(message)
  })

  it('repeats the value of no variable', () => {
    const names = ['URI', 'CA', 'KEYS', 'KEYS_FILE', 'PASSWORD', 'PASSWORD_FILE', 'KEY', 'MECHANISMS', 'NOPE']
    const variable = fc.constantFrom(
      ...names.map((name) => `MEMKEEP_${name}`),
      'MEMCACHIER_SERVERS',
      'MEMCACHE_PASSWORD',
    )
    const value = fc.string({ unit: 'grapheme-ascii' }).map((text) => `s3cr3t${text}`)
    fc.assert(
      fc.property(fc.dictionary(variable, value), fc.boolean(), (given, named) => {
        const env = { ...(named && { MEMKEEP_URI: URI }), ...given }
        let message = ''
        try {
          readSettings(readEnvironment(env))
        } catch (error) {
          message = String((error as Error).stack)
        }
        expect(message).not.toContain('s3cr3t')
      }),
    )
  })
})
