import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { MemkeepError, Secret } from '@memkeep/core'
import { Keyring, generateKeyset, type EncryptionLayer } from '@memkeep/encryption'
import type { PasswordAuthenticator } from '@memkeep/sasl'
import { createPki, type Pki } from '@memkeep/testkit'
import type { TlsTransport } from '@memkeep/tls'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { withVariables } from '../../test/hardening/process-variables.ts'
import type { AnyHardening } from './hardened.ts'
import { hardening, type HardeningSource } from './hardening.ts'
import type { HardeningOptions } from './options.ts'

const PASSWORD = 's3cr3t-password'
const KEYS = Keyring.generate().exportText()
const SASL = { username: 'user', password: PASSWORD }

let folder: string
let pki: Pki
let paths: { readonly ca: string; readonly cert: string; readonly key: string; readonly keys: string }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-hardening-'))
  pki = await createPki()
  paths = {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    keys: join(folder, 'keys'),
  }
  await writeFile(paths.ca, pki.ca)
  await writeFile(paths.cert, pki.client.cert)
  await writeFile(paths.key, pki.client.key, { mode: 0o600 })
  await writeFile(paths.keys, KEYS, { mode: 0o600 })
})
afterAll(() => rm(folder, { recursive: true }))

describe('hardening', () => {
  it('holds what adapters take, and nothing else', () => {
    using plain = hardening('memcached://127.0.0.1')
    expect(Object.keys(plain)).toEqual(['servers'])
    using full = hardening({ servers: 'cache1', tls: true, sasl: SASL, encryption: { keys: KEYS } })
    expect(Object.keys(full)).toEqual(['servers', 'transport', 'auth', 'middleware'])
    expect(full.transport.name).toBe('tls')
    expect(full.auth.name).toBe('sasl')
    expect(full.middleware.map(({ name }) => name)).toEqual(['encryption'])
  })

  it('says in its type what was asked for', () => {
    using asked = hardening({ servers: 'cache1', tls: {}, asciiAuth: SASL, encryption: { keys: KEYS } })
    expectTypeOf(asked.transport).toEqualTypeOf<TlsTransport>()
    expectTypeOf(asked.auth).toEqualTypeOf<PasswordAuthenticator>()
    expectTypeOf(asked.middleware).toEqualTypeOf<readonly [EncryptionLayer]>()
    using some = hardening({ servers: '127.0.0.1', encryption: { keys: KEYS } })
    expectTypeOf(some.transport).toEqualTypeOf<TlsTransport | undefined>()
    expectTypeOf(some.auth).toEqualTypeOf<PasswordAuthenticator | undefined>()
    expectTypeOf(some.middleware).toEqualTypeOf<readonly [EncryptionLayer]>()
    expectTypeOf(hardening('memcached://127.0.0.1')).toEqualTypeOf<AnyHardening>()
    const open: HardeningOptions = { servers: '127.0.0.1' }
    expectTypeOf(hardening(open).transport).toEqualTypeOf<TlsTransport | undefined>()
  })

  it.each<[string, HardeningOptions, readonly string[]]>([
    ['plain', { servers: ['127.0.0.1', '/run/a.sock'] }, ['127.0.0.1:11211', '/run/a.sock']],
    ['a demand of one', { servers: 'memcacheds://a,b' }, ['memcacheds://a:11211', 'memcacheds://b:11211']],
    [
      'a demand of one of two',
      { servers: ['memcacheds://a', 'b'] },
      ['memcacheds://a:11211', 'memcacheds://b:11211'],
    ],
    ['TLS', { servers: [{ host: '::1', port: 1 }], tls: true }, ['memcacheds://[::1]:1']],
    ['TLS on a socket', { servers: '/run/a.sock', tls: true }, ['memcacheds:///run/a.sock']],
  ])('demands TLS of every server, or of none: %s', (_name, options, servers) => {
    using layers = hardening(options)
    expect(layers.servers).toEqual(servers)
    expect(layers.transport !== undefined).toBe(servers[0]?.startsWith('memcacheds') === true)
  })

  it('reads the environment of the process when it is given nothing', async () => {
    const MEMKEEP_URI = `memcacheds://user@cache1?ca=${paths.ca}`
    await withVariables({ MEMKEEP_URI, MEMKEEP_PASSWORD: PASSWORD, MEMKEEP_KEYS: KEYS }, () => {
      using layers = hardening()
      expect(Object.keys(layers)).toEqual(['servers', 'transport', 'auth', 'middleware'])
      // what is given is all that counts
      using given = hardening('memcached://127.0.0.1')
      expect(Object.keys(given)).toEqual(['servers'])
    })
  })

  it('takes keys in every form', async () => {
    const keyset = generateKeyset()
    await withVariables({ MEMKEEP_TEST_KEYS: KEYS }, () => {
      const forms = [KEYS, keyset, JSON.stringify(keyset), { env: 'MEMKEEP_TEST_KEYS' }, { file: paths.keys }]
      for (const keys of forms) {
        using layers = hardening({ servers: '127.0.0.1', encryption: { keys, context: 'shop' } })
        expect(layers.middleware[0].describe().context).toBe('shop')
      }
    })
  })

  it.each<[string, () => unknown, string]>([
    [
      'an unknown option',
      () => ({ servers: 'a', auth: {} }),
      'unknown option "auth"; it knows servers, tls,',
    ],
    ['no servers', () => ({ tls: true }), '"servers" is missing'],
    ['a layer that is none', () => ({ servers: 'a', tls: false }), '"tls" must be true or an object'],
    ['a layer switched on', () => ({ servers: 'a', sasl: true }), '"sasl" must be an object'],
    ['two ways in', () => ({ servers: 'a', tls: true, sasl: SASL, asciiAuth: SASL }), 'never for both'],
    ['no keys', () => ({ servers: 'a', encryption: {} }), 'needs a "keyring", or "keys"'],
    [
      'two keyrings',
      () => ({ servers: 'a', encryption: { keys: KEYS, keyring: Keyring.generate() } }),
      'not both',
    ],
    ['plain and TLS', () => ({ servers: 'memcached://a', tls: true }), 'a server is written memcached://'],
    ['env and more', () => ({ env: {}, servers: 'a' }), '"env" stands alone'],
    ['a number', () => 11211, 'hand in a URI, options, or nothing'],
    ['an array', () => ['a'], 'hand in a URI, options, or nothing'],
    [
      'an unknown option of a layer',
      () => ({ servers: 'a', tls: { rejectUnauthorized: false } }),
      'there is no "rejectUnauthorized"',
    ],
    [
      'mechanisms that are no list',
      () => ({ servers: 'a', sasl: { ...SASL, mechanisms: 'PLAIN' } }),
      '"mechanisms" must be an array',
    ],
  ])('refuses %s', (_name, source, message) => {
    expect(() => hardening(source() as HardeningSource)).toThrow(message)
  })

  it.each<[string, HardeningOptions | string]>([
    ['a URI', 'memcached://user:s3cr3t-password@cache1?auth=ascii'],
    ['PLAIN', 'memcached://user:s3cr3t-password@127.0.0.1,cache1?mechanisms=PLAIN'],
    ['ASCII', { servers: 'cache1', asciiAuth: SASL }],
    ['no verification', { servers: 'cache1', tls: { dangerouslySkipVerification: true }, asciiAuth: SASL }],
  ])('refuses a password that the network could read, at once: %s', (_name, source) => {
    const make = (): unknown => hardening(source as HardeningOptions)
    expect(make).toThrow('The password for cache1:11211 would cross the network readable')
    expect(make).toThrow(MemkeepError)
  })

  it.each<[string, HardeningOptions | string]>([
    ['TLS', 'memcacheds://user:s3cr3t-password@cache1?auth=ascii'],
    ['loopback', 'memcached://user:s3cr3t-password@localhost,127.0.0.1,[::1]?auth=ascii'],
    ['a Unix socket', 'memcached://user:s3cr3t-password@/run/a.sock?auth=ascii'],
    ['SCRAM, which says none', 'memcached://user:s3cr3t-password@cache1'],
    ['by its name', { servers: 'cache1', asciiAuth: { ...SASL, allowInsecureAuth: true } }],
  ])('takes a password where that is safe: %s', (_name, source) => {
    expect(() => {
      hardening(source as HardeningOptions).close()
    }).not.toThrow()
  })
})

describe('what is watched', () => {
  it('is closed with the layers, and a keyring of the caller is not', () => {
    using own = Keyring.fromFile(paths.keys)
    const closeKeyring = vi.spyOn(Keyring.prototype, 'close')
    try {
      const layers = hardening({
        servers: 'a',
        tls: { ca: { file: paths.ca } },
        sasl: SASL,
        encryption: { keys: { file: paths.keys } },
      })
      const closed = [vi.spyOn(layers.transport, 'close'), vi.spyOn(layers.auth, 'close')]
      layers[Symbol.dispose]()
      for (const close of closed) expect(close).toHaveBeenCalledOnce()
      expect(closeKeyring).toHaveBeenCalledOnce()
      hardening({ servers: 'a', encryption: { keyring: own } }).close()
      expect(closeKeyring).toHaveBeenCalledOnce()
    } finally {
      closeKeyring.mockRestore()
    }
  })

  it('is closed when a later layer cannot be made', () => {
    const closeKeyring = vi.spyOn(Keyring.prototype, 'close')
    try {
      const encryption = { keys: { file: paths.keys }, pad: [] }
      expect(() => hardening({ servers: 'a', encryption })).toThrow('pad')
      expect(closeKeyring).toHaveBeenCalledOnce()
    } finally {
      closeKeyring.mockRestore()
    }
  })
})

describe('describe', () => {
  const lines = (source: HardeningSource): readonly string[] => {
    using layers = hardening(source as HardeningOptions)
    return layers.describe().split('\n')
  }

  it('says what is on, a line for each question', () => {
    const uri = `memcacheds://user:${PASSWORD}@cache1,cache2:1?ca=${paths.ca}&cert=${paths.cert}&key=${paths.key}&keys=${paths.keys}&keyNames=hmac&pad=padme&context=shop&minVersion=TLSv1.3&servername=cache`
    const [servers, network, strangers, server, ...more] = lines(uri)
    expect(more).toEqual([])
    expect(servers).toBe('Servers: cache1:11211, cache2:1')
    expect(network).toMatch(
      /^Can the network read or change it\? No: TLS 1\.3, certificate and name of the server verified, trusted: CN=Memkeep test CA \w+; the name expected is cache\.$/,
    )
    expect(strangers).toBe(
      'Can strangers use it? No: we authenticate by SASL, and a server that lets anyone in is refused. We show the client certificate CN=service.',
    )
    expect(server).toMatch(
      /^Can the server see the data\? No: values are sealed with aes-256-gcm, key [\da-f]{8}; context "shop"\. It sees no key names, classes of lengths, times, and can delete and replay\.$/,
    )
  })

  it('says what is not', () => {
    expect(lines('memcached://cache1')).toEqual([
      'Servers: cache1:11211',
      'Can the network read or change it? YES: TLS is off, so whoever is in between reads and changes everything. Write memcacheds://.',
      'Can strangers use it? YES, unless the server keeps them out by other means: we neither authenticate nor show a certificate.',
      'Can the server see the data? YES: values are stored as they are. Hand in keys to have them encrypted.',
    ])
  })

  it.each<[string, HardeningOptions, RegExp]>([
    ['loopback', { servers: '127.0.0.1' }, /read or change it\? It crosses none/],
    ['one of two near', { servers: '127.0.0.1,cache1' }, /read or change it\? YES/],
    [
      'no verification',
      { servers: 'a', tls: { dangerouslySkipVerification: true } },
      /read or change it\? YES: TLS 1\.2 or later, but any/,
    ],
    ["Node's authorities", { servers: 'a', tls: true }, /trusted: Node's default authorities\./],
    [
      'plain values still',
      { servers: '[::1]', encryption: { keys: KEYS, migration: 'read-plaintext' } },
      /see the data\? PARTLY: .*plain values of anyone are served/,
    ],
    [
      'nothing sealed yet',
      { servers: '[::1]', encryption: { keys: KEYS, migration: 'write-plaintext' } },
      /see the data\? YES: nothing is encrypted yet/,
    ],
    [
      'plain keys',
      { servers: '[::1]', encryption: { keys: KEYS, plainKeys: () => true } },
      /see the data\? PARTLY: .*some keys are left plain/,
    ],
    [
      'compression',
      { servers: '[::1]', encryption: { keys: KEYS, compress: { codec: 'brotli' } } },
      /compressed with brotli, which tells/,
    ],
    [
      'two keys',
      { servers: '[::1]', encryption: { keys: `${KEYS} ${Keyring.generate().exportText()}` } },
      /\(1 more to read with\)/,
    ],
  ])('is no better than the truth: %s', (_name, options, line) => {
    expect(lines(options).join('\n')).toMatch(line)
  })

  it('knows a client certificate that nobody may ask for', () => {
    const own = { ca: pki.ca, cert: pki.client.cert, key: pki.client.key }
    expect(lines({ servers: 'a', tls: own }).join('\n')).toMatch(
      /strangers use it\? That is for the server to say/,
    )
  })
})

describe('what is printed', () => {
  it('holds no secret', () => {
    const { key } = pki.client
    const tls = { ca: pki.ca, cert: pki.client.cert, key, passphrase: 's3cr3t-phrase' }
    using layers = hardening({
      ...{ servers: 'a', tls, sasl: { username: 'user', password: new Secret(PASSWORD) } },
      encryption: { keys: KEYS },
    })
    const printed = [
      inspect(layers, { depth: 20, showHidden: true, getters: true, customInspect: false }),
      ...[inspect(layers), JSON.stringify(layers), String(layers), layers.describe()],
      ...[layers.transport, layers.auth, layers.middleware].flatMap((layer) => [
        inspect(layer, { depth: 20, showHidden: true, getters: true }),
        JSON.stringify(layer),
      ]),
    ].join('\n')
    const secret = key.split('\n')[1] ?? ''
    for (const each of [PASSWORD, KEYS, KEYS.slice('memkeep-key-v1:'.length, 40), secret, 's3cr3t']) {
      expect(each.length).toBeGreaterThan(5)
      expect(printed).not.toContain(each)
    }
  })

  it.each<[string, (key: string) => unknown]>([
    ['keys with a fault', () => ({ servers: 'a', encryption: { keys: `${KEYS}x` } })],
    ['a keyset with a fault', () => ({ servers: 'a', encryption: { keys: `{"keys": "${KEYS}"` } })],
    [
      'a key as PEM without a certificate',
      (key) => ({ env: { MEMKEEP_URI: 'memcacheds://a', MEMKEEP_KEY: key } }),
    ],
    [
      'a key with a fault',
      (key) => ({
        env: {
          MEMKEEP_URI: 'memcacheds://a',
          MEMKEEP_CERT: pki.client.cert,
          MEMKEEP_KEY: key.replace('M', 'N'),
        },
      }),
    ],
    ['keys for a file', () => ({ env: { MEMKEEP_URI: 'memcacheds://a', MEMKEEP_KEYS_FILE: KEYS } })],
    ['keys for a password', () => ({ servers: 'a', sasl: { ...SASL, passwort: PASSWORD } })],
    ['keys in a URI', () => `memcacheds://user:${PASSWORD}@a?keys=${KEYS}`],
  ])('holds none in errors: %s', (_name, source) => {
    const { key } = pki.client
    let thrown: unknown
    try {
      hardening(source(key) as HardeningOptions)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(Error)
    const printed = inspect(thrown, { depth: 20, showHidden: true })
    for (const each of [PASSWORD, KEYS.slice(15, 40), key.split('\n')[1] ?? '']) {
      expect(printed).not.toContain(each)
    }
  })
})
