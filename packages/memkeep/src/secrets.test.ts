import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { createMemcachedCache } from '@memkeep/cache-manager'
import { MemcachedClient } from '@memkeep/client'
import { parseEndpoint, parseEndpoints } from '@memkeep/core'
import { encryption, Keyring, wrapBytes } from '@memkeep/encryption'
import { createKeyv, KeyvMemcached } from '@memkeep/keyv'
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { HardenedMemjsClient } from '@memkeep/memjs'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testContext } from '../test/cli/context.ts'
import { run } from './cli/main.ts'
import { connect } from './hardening/connect.ts'
import { hardening } from './hardening/hardening.ts'

const KEY = Keyring.generate().exportText()
/** Secrets, and what of each must not be seen anywhere: parts too, where it may be split. */
const SECRETS: readonly (readonly [secret: string, parts: readonly string[]])[] = [
  ['qZ7canary', ['qZ7canary']],
  ['qZ7first,qZ7second', ['qZ7first', 'qZ7second']],
  ['qZ7first qZ7second', ['qZ7first', 'qZ7second']],
  ['qZ7first@qZ7second', ['qZ7first', 'qZ7second']],
  ['qZ7first/qZ7second?qZ7third#qZ7end', ['qZ7first', 'qZ7second', 'qZ7third', 'qZ7end']],
  [KEY, [KEY.slice('memkeep-key-v1:'.length, -4)]],
]

const seen: string[] = []
const note = (value: unknown): void => {
  seen.push(String(value), inspect(value, { depth: Infinity, showHidden: true }))
  if (typeof value !== 'object' || value === null) return
  try {
    seen.push(JSON.stringify(value))
  } catch {
    // what has cycles is printed by inspect alone
  }
  if (value instanceof Error) note(value.cause)
}

const CHANNELS = [
  ...['connect', 'disconnect', 'authenticate', 'eject', 'reinstate', 'discovery'].map(
    (name) => `client:${name}`,
  ),
  ...['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => `client:command:${name}`),
  ...['tls:handshake', 'tls:reload'],
]
const channelOf = (name: string): string => `${name.includes('command') ? 'tracing:' : ''}memkeep:${name}`
const onMessage = (message: unknown): void => {
  note(message)
}
const onWarning = (warning: Error): void => {
  note(warning)
}
beforeEach(() => {
  seen.length = 0
  process.on('warning', onWarning)
  for (const name of CHANNELS) subscribe(channelOf(name), onMessage)
})
afterEach(() => {
  process.off('warning', onWarning)
  for (const name of CHANNELS) unsubscribe(channelOf(name), onMessage)
})

/** What takes text from a user, with a secret in the wrong place. */
const ENTRIES: Readonly<Record<string, (secret: string) => unknown>> = {
  ...Object.fromEntries<(secret: string) => unknown>(
    ['redis', 'memcached', 'memcacheds', 'http', 'unix'].flatMap((scheme) => [
      [`parseEndpoint, ${scheme}`, (pw: string) => parseEndpoint(`${scheme}://user:${pw}@127.0.0.1:1`)],
      [
        `parseEndpoints, ${scheme}`,
        (pw: string) => parseEndpoints(`cache1,${scheme}://user:${pw}@127.0.0.1:1`),
      ],
      [
        `MemcachedClient, ${scheme}`,
        (pw: string) => new MemcachedClient({ servers: `${scheme}://u:${pw}@h` }),
      ],
      [`connect, ${scheme}`, (pw: string) => connect(`${scheme}://user:${pw}@127.0.0.1:1`, { timeout: 500 })],
      [`connect without "@", ${scheme}`, (pw: string) => connect(`${scheme}://user:${pw.replace('@', '')}`)],
    ]),
  ),
  'an encoded password of a URI': (pw) =>
    connect(`memcached://user:${encodeURIComponent(pw)}@127.0.0.1:1`, { timeout: 500 }),
  'an encoded password, inspected': (pw) => hardening(`memcacheds://u:${encodeURIComponent(pw)}@h`),
  'a URI as a parameter': (pw) => connect(`memcached://h?ca=memcached://u:${pw}@h`),
  'an unknown parameter': (pw) => connect(`memcached://h?${pw}=${pw}`),
  'a list': (pw) => new MemcachedClient({ servers: ['h', `u:${pw}@h`] }),
  'a list of bare passwords': (pw) => new MemcachedClient({ servers: [`${pw}:${pw}:${pw}`] }),
  'an object': (pw) => new MemcachedClient({ servers: { host: `u:${pw}@h`, port: 1 } }),
  'a path': (pw) => new MemcachedClient({ servers: { path: pw } }),
  createKeyv: (pw) => createKeyv(`redis://u:${pw}@h`),
  'createKeyv, unknown option': (pw) => createKeyv('h', { [pw]: pw }),
  KeyvMemcached: (pw) => new KeyvMemcached({ servers: `u:${pw}@h` }),
  createMemcachedCache: (pw) => createMemcachedCache({ servers: `redis://u:${pw}@h` }),
  HardenedMemcacheClient: (pw) => new HardenedMemcacheClient({ server: `redis://u:${pw}@h` }),
  'HardenedMemjsClient, wrong list': (pw) => HardenedMemjsClient.create(`redis://u:${pw}@h:port`),
  'HardenedMemjsClient, inspected': (pw) =>
    HardenedMemjsClient.create(`user:${pw.replace(/[, ]/g, '')}@127.0.0.1:1`),
  'HardenedMemjsClient, option': (pw) =>
    HardenedMemjsClient.create('127.0.0.1:1', { username: 'u', password: pw, allowInsecureAuth: true }),
  'MemcachedClient with a password': (pw) =>
    new MemcachedClient({
      servers: '127.0.0.1:1',
      auth: sasl({ username: 'u', password: pw, watchInterval: 0 }),
    }),
  'HardenedMemcacheClient with a password': (pw) =>
    new HardenedMemcacheClient({
      server: '127.0.0.1:1',
      auth: sasl({ username: 'u', password: pw, watchInterval: 0 }),
    }),
  'KeyvMemcached with keys': (pw) =>
    new KeyvMemcached({
      servers: '127.0.0.1:1',
      middleware: [encryption({ keyring: Keyring.fromText(KEY), context: 'a' })],
      auth: asciiAuth({ username: 'u', password: pw, watchInterval: 0 }),
    }),
  addServer: async (pw) => {
    await using client = new MemcachedClient({ servers: 'h' })
    client.addServer(`u:${pw}@h`)
  },
  removeServer: async (pw) => {
    await using client = new MemcachedClient({ servers: 'h' })
    client.removeServer(`u:${pw}@h`)
  },
  'options of the client': (pw) => new MemcachedClient({ servers: 'h', [pw]: pw }),
  'a choice': (pw) => new MemcachedClient({ servers: 'h', protocol: pw as 'text' }),
  'a number': (pw) => new MemcachedClient({ servers: 'h', timeout: pw as unknown as number }),
  'a time to live': async (pw) => {
    await using client = new MemcachedClient({ servers: '127.0.0.1:1' })
    await client.set('key', 'value', { ttl: pw as unknown as number })
  },
  'a value': async (pw) => {
    await using client = new MemcachedClient({ servers: '127.0.0.1:1' })
    await client.set('key', pw)
  },
  'a key': async (pw) => {
    await using client = new MemcachedClient({ servers: '127.0.0.1:1' })
    await client.get(`${pw} ${pw}`)
  },
  'a group of statistics': async (pw) => {
    await using client = new MemcachedClient({ servers: '127.0.0.1:1' })
    await client.stats(`${pw} ${pw}`)
  },
  'sasl, inspected': (pw) => sasl({ username: 'u', password: pw, watchInterval: 0 }),
  'asciiAuth, inspected': (pw) => asciiAuth({ username: 'u', password: pw, watchInterval: 0 }),
  'sasl, variable': (pw) => sasl({ username: 'u', password: { env: pw } }),
  'sasl, file': (pw) => sasl({ username: 'u', password: { file: pw } }),
  'sasl, option': (pw) => sasl({ username: 'u', password: 'p', [pw]: pw }),
  'sasl, mechanism': (pw) => sasl({ username: 'u', password: 'p', mechanisms: [pw as 'PLAIN'] }),
  'tls, file': (pw) => tls({ ca: { file: pw } }),
  'tls, key': (pw) => tls({ ca: { file: 'missing.pem' }, key: { file: pw }, cert: { file: pw } }),
  'tls, PEM': (pw) => tls({ ca: pw, passphrase: pw }),
  'tls, option': (pw) => tls({ ciphers: pw, servername: pw, pins: [pw] }),
  'Keyring.fromFile': (pw) => Keyring.fromFile(pw),
  'Keyring.fromFile, long': (pw) => Keyring.fromFile(pw.repeat(300)),
  'Keyring.fromText': (pw) => Keyring.fromText(`${pw}x`),
  'Keyring.fromKeyset': (pw) => Keyring.fromKeyset(pw),
  'Keyring.fromEnv': (pw) => Keyring.fromEnv(pw),
  'Keyring.fromEnv, value': (pw) => Keyring.fromEnv('CACHE_KEYS', { CACHE_KEYS: `${pw}x` }),
  wrapBytes: (pw) =>
    wrapBytes({ get: () => undefined, set: () => true }, { keyring: Keyring.generate(), [pw]: pw }),
  'encryption, option': (pw) => encryption({ keyring: Keyring.generate(), algorithm: pw as 'aes-256-gcm' }),
  'hardening, options': (pw) =>
    hardening({ servers: 'h', sasl: { username: 'u', password: pw, watchInterval: 0 } }),
  'hardening, keys': (pw) => hardening({ servers: 'h', encryption: { keys: `${pw}x` } }),
  'hardening, unknown': (pw) => hardening({ servers: 'h', [pw]: pw }),
  ...Object.fromEntries(
    [
      ...['CA', 'CERT', 'KEY', 'PFX', 'CRL', 'PINS', 'MIN_VERSION', 'AUTH', 'PASSWORD_FILE', 'MECHANISMS'],
      ...['KEYS_FILE', 'ALGORITHM', 'PAD', 'COMPRESS', 'PROTOCOL', 'DISCOVERY', 'IDLE_TIMEOUT', 'PASSPHRASE'],
    ].map((name) => [
      `MEMKEEP_${name}`,
      (pw: string) =>
        hardening({
          env: {
            MEMKEEP_URI: 'memcacheds://h',
            ...(/AUTH|PASSWORD|MECH/.test(name) && { MEMKEEP_USERNAME: 'u' }),
            ...(/AUTH|MECH/.test(name) && { MEMKEEP_PASSWORD: pw }),
            ...(/ALGO|PAD|COMP/.test(name) && { MEMKEEP_KEYS: KEY }),
            [`MEMKEEP_${name}`]: pw,
          },
        }),
    ]),
  ),
  MEMCACHE_SERVERS: (pw) => hardening({ env: { MEMCACHE_SERVERS: `u:${pw}@h` } }),
}

/** Command lines with a secret in them. */
const COMMANDS: Readonly<Record<string, (secret: string) => readonly string[]>> = {
  'an unknown command': (pw) => [pw],
  'a URI as a command': (pw) => [`memcached://u:${pw}@h`],
  'help for it': (pw) => ['help', pw],
  'an unknown subcommand': (pw) => ['keys', pw],
  'an unknown option': (pw) => ['doctor', 'h', `--password=${pw}`],
  'an unknown option, apart': (pw) => ['doctor', '--password', pw],
  'an unknown short option': (pw) => ['doctor', 'h', `-p${pw}`],
  'an option with its value as a name': (pw) => ['doctor', 'h', `--${pw}`],
  'a global option': (pw) => [`--password=${pw}`],
  'doctor, URI': (pw) => ['doctor', `memcached://u:${pw}@h`],
  'doctor, other scheme': (pw) => ['doctor', `redis://u:${pw}@h`],
  'doctor, keys': (pw) => ['doctor', '127.0.0.1:1', '--keys', pw],
  'doctor, choice': (pw) => ['doctor', 'h', '--fail-on', pw],
  'doctor, number': (pw) => ['doctor', 'h', '--timeout', pw],
  'doctor, baseline': (pw) => ['doctor', 'h', '--baseline', pw],
  'doctor, password file': (pw) => ['doctor', 'h', '--username', 'u', '--password-file', pw],
  'doctor, ca': (pw) => ['doctor', 'h', '--ca', pw],
  'doctor, auth': (pw) => ['doctor', 'h', '--auth', pw],
  'bench, URI': (pw) => ['bench', `memcached://u:${pw}@h`],
  'bench, sizes': (pw) => ['bench', 'h', '--sizes', pw],
  'bench, too many': (pw) => ['bench', 'h', pw],
  completion: (pw) => ['complete', '--', 'doctor', `memcached://u:${pw}@h`, '--c'],
  'completion of it': (pw) => ['complete', '--', 'doctor', `memcached://u:${pw}`],
  'keys list': (pw) => ['keys', 'list', '--file', pw],
  'keys list, keys': (pw) => ['keys', 'list', '--keys', pw],
  'keys retire': (pw) => ['keys', 'retire', pw, '--file', 'missing.json'],
  'keys promote': (pw) => ['keys', 'promote', '--settle', pw],
  'keys generate': (pw) => ['keys', 'generate', '--file', `/nowhere/${pw}`],
  'keys inspect': (pw) => ['keys', 'inspect', pw],
  'keys verify': (pw) => ['keys', 'verify', `memcached://u:${pw}@h`, '--file', pw],
  'certs server': (pw) => ['certs', 'server', `memcached://u:${pw}@h`, '--dir', '/nowhere'],
  'certs server, name': (pw) => ['certs', 'server', 'h', '--name', `${pw}:`],
  'certs server, days': (pw) => ['certs', 'server', 'h', '--days', pw],
  'certs inspect': (pw) => ['certs', 'inspect', pw],
  'certs renew': (pw) => ['certs', 'renew', `${pw}:`],
  'dev, port': (pw) => ['dev', '--port', pw],
  'dev, auth': (pw) => ['dev', '--auth', pw],
}

const CASES = SECRETS.map(([secret, parts]) => ({ secret, parts }))

function expectNone(parts: readonly string[]): void {
  const output = seen.join('\n')
  for (const part of parts) expect(output).not.toContain(part)
}

describe.each(Object.entries(ENTRIES))('%s', (_name, enter) => {
  it.each(CASES)('repeats no secret ($#)', async ({ secret, parts }) => {
    try {
      const made: unknown = await enter(secret)
      note(made)
      if (typeof made === 'object' && made !== null) {
        if ('describe' in made) note((made as { describe: () => unknown }).describe())
        if ('close' in made) (made as { close: () => unknown }).close()
      }
    } catch (error) {
      note(error)
    }
    expectNone(parts)
  })
})

describe.each(Object.entries(COMMANDS))('memkeep: %s', (_name, line) => {
  it.each(CASES)('repeats no secret ($#)', async ({ secret, parts }) => {
    for (const args of [line(secret), [...line(secret), '--json']]) {
      const context = testContext()
      await run(args, context)
      seen.push(context.written.stdout, context.written.stderr)
    }
    expectNone(parts)
  })
})
