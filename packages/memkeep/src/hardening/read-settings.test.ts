import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@memkeep/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnvironment } from './environment.ts'
import type { HardeningOptions } from './options.ts'
import { readSettings } from './read-settings.ts'
import { SETTINGS, SETTING_NAMES, URI_PARAMETERS, type SettingName } from './settings.ts'
import { readUri } from './uri.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n'

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-settings-'))
  file = join(folder, 'file')
  await writeFile(file, '')
})
afterAll(() => rm(folder, { recursive: true }))

/** A value of each setting, what goes with it, and the option that it makes. */
const VALUES: Readonly<
  Record<SettingName, () => { value: string; with?: Partial<Record<SettingName, string>>; makes: object }>
> = {
  ca: () => ({ value: 'ca.pem', makes: { tls: { ca: { file: 'ca.pem' } } } }),
  trustDefaultCa: () => ({ value: 'true', makes: { tls: { trustDefaultCa: true } } }),
  cert: () => ({ value: 'cert.pem', makes: { tls: { cert: { file: 'cert.pem' } } } }),
  key: () => ({ value: file, makes: { tls: { key: { file } } } }),
  pfx: () => ({ value: file, makes: { tls: { pfx: { file } } } }),
  passphrase: () => ({ value: 'phrase', makes: { tls: { passphrase: 'phrase' } } }),
  crl: () => ({ value: 'crl.pem', makes: { tls: { crl: { file: 'crl.pem' } } } }),
  servername: () => ({ value: 'cache', makes: { tls: { servername: 'cache' } } }),
  pins: () => ({ value: 'sha256/a=,sha256/b=', makes: { tls: { pins: ['sha256/a=', 'sha256/b='] } } }),
  minVersion: () => ({ value: 'TLSv1.3', makes: { tls: { minVersion: 'TLSv1.3' } } }),
  auth: () => ({ value: 'ascii', with: USER, makes: { asciiAuth: { username: 'user' } } }),
  username: () => ({ value: 'me', with: { password: 'p' }, makes: { sasl: { username: 'me' } } }),
  password: () => ({ value: 'p', with: { username: 'me' }, makes: { sasl: { password: new Secret('p') } } }),
  passwordFile: () => ({ value: file, with: { username: 'me' }, makes: { sasl: { password: { file } } } }),
  mechanisms: () => ({
    ...{ value: 'SCRAM-SHA-256, PLAIN', with: USER },
    makes: { sasl: { mechanisms: ['SCRAM-SHA-256', 'PLAIN'] } },
  }),
  minimumStrength: () => ({
    value: 'SCRAM-SHA-1',
    with: USER,
    makes: { sasl: { minimumStrength: 'SCRAM-SHA-1' } },
  }),
  keysText: () => ({ value: 'a b', makes: { encryption: { keys: 'a b' } } }),
  keys: () => ({ value: file, makes: { encryption: { keys: { file } } } }),
  context: () => ({ value: 'shop', with: KEYS, makes: { encryption: { context: 'shop' } } }),
  algorithm: () => ({
    value: 'chacha20-poly1305',
    with: KEYS,
    makes: { encryption: { algorithm: 'chacha20-poly1305' } },
  }),
  keyNames: () => ({ value: 'hmac', with: KEYS, makes: { encryption: { keyNames: 'hmac' } } }),
  compress: () => ({ value: 'brotli', with: KEYS, makes: { encryption: { compress: { codec: 'brotli' } } } }),
  pad: () => ({ value: '64,256', with: KEYS, makes: { encryption: { pad: [64, 256] } } }),
  bindExpiry: () => ({ value: 'true', with: KEYS, makes: { encryption: { bindExpiry: true } } }),
  rewrap: () => ({ value: 'false', with: KEYS, makes: { encryption: { rewrap: false } } }),
  onFailure: () => ({ value: 'throw', with: KEYS, makes: { encryption: { onFailure: 'throw' } } }),
  protocol: () => ({ value: 'text', makes: { protocol: 'text' } }),
  distribution: () => ({ value: 'modulo', makes: { distribution: 'modulo' } }),
  onServerDown: () => ({ value: 'miss', makes: { onServerDown: 'miss' } }),
  discovery: () => ({ value: 'elasticache', makes: { discovery: { name: 'elasticache' } } }),
  idleTimeout: () => ({ value: '60000', makes: { idleTimeout: 60_000 } }),
}
const USER: Partial<Record<SettingName, string>> = { username: 'user', password: 'secret' }
const KEYS: Partial<Record<SettingName, string>> = { keysText: 'keys' }

function fromEnvironment(
  settings: Partial<Record<SettingName, string>>,
  uri = 'memcacheds://cache1',
): HardeningOptions {
  const variables = Object.entries(settings).map(
    ([name, value]) => [SETTINGS[name as SettingName].variable, value] as const,
  )
  return readSettings(
    readEnvironment({ MEMKEEP_URI: uri, ...Object.fromEntries<string | undefined>(variables) }),
  )
}

describe('readSettings', () => {
  it.each(SETTING_NAMES)('%s: an option, from the environment', (name) => {
    const { value, with: others, makes } = VALUES[name]()
    expect(fromEnvironment({ [name]: value, ...others })).toMatchObject({
      servers: ['memcacheds://cache1'],
      ...makes,
    })
  })

  it.each(URI_PARAMETERS)('%s: the same option, from a URI', (name) => {
    const { value, with: others = {}, makes } = VALUES[name]()
    const uri = `memcacheds://cache1?${name}=${encodeURIComponent(value)}`
    expect(fromEnvironment(others, uri)).toMatchObject(makes)
  })

  it('takes the three forms of bindExpiry', () => {
    for (const [text, bindExpiry] of [
      ['true', true],
      ['false', false],
      ['required', 'required'],
    ] as const) {
      expect(fromEnvironment({ bindExpiry: text, ...KEYS })).toMatchObject({ encryption: { bindExpiry } })
    }
    expect(() => fromEnvironment({ bindExpiry: 'yes', ...KEYS })).toThrow('true, false, required')
  })

  it('keeps every switch that weakens off', () => {
    const settings: Partial<Record<SettingName, string>> = {}
    for (const name of SETTING_NAMES) {
      const contradicts = name === 'passwordFile' || name === 'keys' || name === 'auth'
      if (!contradicts) settings[name] = VALUES[name]().value
    }
    const names = JSON.stringify(fromEnvironment(settings))
    expect(names).not.toMatch(/dangerous|allow|migration|plainKeys|watchInterval/)
  })

  it('takes PEM from variables', () => {
    expect(fromEnvironment({ ca: PEM, cert: PEM, key: PEM })).toMatchObject({
      tls: { ca: PEM, cert: PEM, key: PEM },
    })
  })

  it('reads words for compression and padding', () => {
    const { encryption } = fromEnvironment({ keysText: 'keys', compress: 'true', pad: 'padme' })
    expect(encryption).toMatchObject({ compress: true, pad: 'padme' })
  })

  it('leaves out what was not asked for', () => {
    expect(readSettings(readUri('memcached://cache1'))).toEqual({ servers: ['cache1'] })
    expect(readSettings(readUri('memcacheds://a,b'))).toEqual({
      servers: ['memcacheds://a', 'memcacheds://b'],
      tls: {},
    })
  })

  it.each<[string, Partial<Record<SettingName, string>>, string]>([
    ['memcached://a', { ca: 'ca.pem' }, 'MEMKEEP_CA is about TLS'],
    ['memcached://a?servername=b', {}, '"servername" of the URI is about TLS'],
    ['memcacheds://a', { context: 'b' }, 'MEMKEEP_CONTEXT is about encryption, which needs keys'],
    ['memcacheds://a?auth=sasl', {}, '"auth" of the URI needs a user name'],
    ['memcacheds://user@a', {}, 'the user name of the URI needs a password'],
    ['memcacheds://a', { password: 'b' }, 'MEMKEEP_PASSWORD needs a user name'],
    [
      'memcacheds://a',
      { ...USER, passwordFile: '/' },
      'MEMKEEP_PASSWORD and MEMKEEP_PASSWORD_FILE say the same',
    ],
    ['memcacheds://a', { keysText: 'b', keys: '/' }, 'MEMKEEP_KEYS_FILE and MEMKEEP_KEYS say the same'],
    ['memcacheds://a', { ...USER, auth: 'kerberos' }, 'MEMKEEP_AUTH must be one of sasl, ascii'],
    [
      'memcacheds://a',
      { ...USER, auth: 'ascii', mechanisms: 'PLAIN' },
      'MEMKEEP_MECHANISMS is about SASL, and MEMKEEP_AUTH says ascii',
    ],
    [
      'memcacheds://a',
      { ...USER, mechanisms: 'PLAIN,DIGEST-MD5' },
      'MEMKEEP_MECHANISMS must be one of SCRAM-SHA-512',
    ],
    ['memcacheds://a?minVersion=TLSv1', {}, '"minVersion" of the URI must be one of TLSv1.2, TLSv1.3'],
    ['memcacheds://a?protocol=udp', {}, '"protocol" of the URI must be one of auto, meta'],
    ['memcacheds://a?idleTimeout=1m', {}, '"idleTimeout" of the URI must be a whole number'],
    ['memcacheds://a', { discovery: 'dns' }, 'MEMKEEP_DISCOVERY must be one of'],
    ['memcacheds://a?trustDefaultCa=yes', {}, '"trustDefaultCa" of the URI must be one of true, false'],
    ['memcacheds://a?pad=64,x', { ...KEYS }, '"pad" of the URI must be padme'],
    [
      'memcacheds://a?keys=/no/such/file',
      {},
      '"keys" of the URI must be the path of a file, and there is no such file',
    ],
    [
      'memcacheds://a?keys=memkeep-key-v1:abc',
      {},
      '"keys" of the URI must be the path of a file: write what it holds into one',
    ],
    [
      `memcacheds://a?key=${encodeURIComponent(PEM)}`,
      {},
      '"key" of the URI must be the path of a file: write what it holds',
    ],
    [
      'memcacheds://a',
      { passwordFile: 'hunter2', username: 'a' },
      'MEMKEEP_PASSWORD_FILE must be the path of a file, and there is no such file',
    ],
  ])('refuses %s with %j', (uri, settings, message) => {
    expect(() => fromEnvironment(settings, uri)).toThrow(message)
  })
})
