import { createMemcachedCache } from '@memkeep/cache-manager'
import { MemcachedClient } from '@memkeep/client'
import { encryption, EnvelopeCipher, Keyring, KeyvEncryptionAdapter, wrapBytes } from '@memkeep/encryption'
import { createKeyv, KeyvMemcached } from '@memkeep/keyv'
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { HardenedMemjsClient } from '@memkeep/memjs'
import { sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'

const HOST = 'cache1:11211'
const keyring = Keyring.generate()
/** Calls what its types forbid. */
type Make = (...given: unknown[]) => unknown

const create: Make = (servers, options) => HardenedMemjsClient.create(servers as never, options as never)
const MAKERS: readonly (readonly [name: string, servers: string, make: Make])[] = [
  ['MemcachedClient', 'servers', (options) => new MemcachedClient(options as never)],
  ['KeyvMemcached', 'servers', (options) => new KeyvMemcached(options as never)],
  ['createKeyv', 'servers', createKeyv as Make],
  ['createMemcachedCache', 'servers', createMemcachedCache as Make],
  ['HardenedMemcacheClient', 'server', (options) => new HardenedMemcacheClient(options as never)],
  [
    'HardenedMemjsClient',
    'servers',
    (options) => {
      const { servers, ...rest } = options as { readonly servers: unknown }
      return create(servers, rest)
    },
  ],
]

describe.each(MAKERS)('%s', (_, servers, make) => {
  it.each([
    [{ tls: true }, /write transport: tls\(|"tls" is the original's: hand in transport: tls\(/],
    [{ transport: true }, /"transport" must be what tls\(\)/],
    [{ transport: null }, /"transport" must be what tls\(\)/],
    [{ transport: tls }, /"transport" must be .*, not a function/],
    [{ sasl: {} }, /write auth: sasl\(/],
    [{ auth: null }, /"auth" must be what sasl\(\)/],
    [{ auth: { username: 'user', password: 'secret' } }, /"auth" must be what sasl\(\)/],
    [{ auth: sasl }, /"auth" must be .*, not a function/],
    [{ encryption: { keyring } }, /write middleware: \[encryption\(/],
    [{ middleware: encryption({ keyring }) }, /"middleware" must be a list/],
    [{ middleware: [null] }, /"middleware" must be .*, not null/],
  ])('says how a layer is written: %o', (options, message) => {
    const mistaken = (): unknown => make({ [servers]: HOST, ...options })
    expect(mistaken).toThrow(TypeError)
    expect(mistaken).toThrow(message)
  })
})

describe.each(MAKERS.filter(([name]) => name !== 'HardenedMemjsClient'))('%s', (_, servers, make) => {
  it('says how servers are written', () => {
    for (const options of [undefined, null, {}, { [servers]: undefined }, { [servers]: null }, 11_211]) {
      expect(() => make(options)).toThrow(TypeError)
      expect(() => make(options)).toThrow(/(cache1|localhost):11211/)
    }
    for (const given of [11_211, [], '', [null]]) {
      expect(() => make({ [servers]: given })).toThrow('write for example "127.0.0.1:11211"')
    }
  })
})

it.each([
  ['MemcachedClient', () => new MemcachedClient(HOST as never), "new MemcachedClient({ servers: 'cache1"],
  ['KeyvMemcached', () => new KeyvMemcached(HOST as never), "new KeyvMemcached({ servers: 'cache1"],
  [
    'HardenedMemcacheClient',
    () => new HardenedMemcacheClient(HOST as never),
    "new HardenedMemcacheClient({ server: 'cache1",
  ],
  [
    'new HardenedMemjsClient',
    () => new HardenedMemjsClient(HOST as never, {}),
    'HardenedMemjsClient.create(',
  ],
  [
    'memjs with options first',
    () => create({ servers: HOST }),
    'the options after them: HardenedMemjsClient.create(',
  ],
  ['memjs with a serializer that is none', () => create(HOST, { serializer: {} }), '"serializer" must be'],
  ['memjs with options that are none', () => create(HOST, null), 'write HardenedMemjsClient.create('],
  [
    'a cmdTimeout that is none',
    () => new HardenedMemcacheClient({ server: HOST, cmdTimeout: '5s' as never }),
    '"cmdTimeout" must be a number of milliseconds',
  ],
  ['encryption()', () => encryption(undefined as never), 'write encryption({ keyring'],
  ['encryption(keyring)', () => encryption(keyring as never), 'write encryption({ keyring })'],
  ['encryption({})', () => encryption({} as never), 'keyring: Keyring.fromEnv()'],
  [
    'wrapBytes(map)',
    () => wrapBytes(new Map<string, Buffer>(), undefined as never),
    'write wrapBytes(cache, { keyring })',
  ],
  ['wrapBytes()', () => wrapBytes(undefined as never, { keyring }), 'cache must have get and set'],
  [
    'KeyvEncryptionAdapter()',
    () => new KeyvEncryptionAdapter(undefined as never),
    'write new KeyvEncryptionAdapter(',
  ],
  [
    'seal()',
    () => new EnvelopeCipher({ keyring }).seal(undefined as never),
    'entry must be { key, value, flags }',
  ],
])('%s: says what to write', (_, mistaken: () => unknown, message) => {
  expect(mistaken).toThrow(message)
})
