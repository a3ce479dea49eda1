import { existsSync } from 'node:fs'
import { elastiCache, type Discovery } from '@memkeep/client'
import { Secret } from '@memkeep/core'
import { ENVELOPE_ALGORITHMS, type Padding } from '@memkeep/encryption'
import type { AuthOptions, MechanismName } from '@memkeep/sasl'
import type { Source, TlsOptions } from '@memkeep/tls'
import type { ClientSettings, HardeningEncryption, HardeningOptions, KeysSource } from './options.ts'
import { SETTINGS, type Layer, type Setting, type SettingName, type TextSettings } from './settings.ts'

const MECHANISM_NAMES: readonly MechanismName[] = [
  ...(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'CRAM-MD5'] as const),
]

/** The discoveries that need no options. */
const DISCOVERIES: Readonly<Record<'elasticache', () => Discovery>> = { elasticache: () => elastiCache() }
const DISCOVERY_NAMES = ['elasticache'] as const

/** What a private key or certificate as PEM begins with (RFC 7468). */
const PEM = '-----BEGIN '
const KEY_TEXT = 'memkeep-key-v1:'

/**
 * The options that a URI or the environment asks for.
 *
 * @throws TypeError naming the parameter or variable; no message repeats what it holds
 */
export function readSettings({ servers, secure, settings }: TextSettings): HardeningOptions {
  const read = new Reader(settings)
  const tlsNamed = read.first('tls')
  if (secure === false && tlsNamed !== undefined) {
    throw new TypeError(`${tlsNamed.from} is about TLS, which memcached:// does without: write memcacheds://`)
  }
  const withTls = secure === true || tlsNamed !== undefined
  const authentication = readAuth(read)
  const encryption = readEncryption(read)
  return {
    servers: secure === true ? servers.map((server) => `memcacheds://${server}`) : servers,
    ...(withTls && { tls: readTls(read) }),
    ...authentication,
    ...(encryption !== undefined && { encryption }),
    ...readClient(read),
  }
}

function readClient(read: Reader): ClientSettings {
  return {
    ...read.as('protocol', choice(['auto', 'meta', 'text', 'binary'])),
    ...read.as('distribution', choice(['ketama', 'modulo'])),
    ...read.as('onServerDown', choice(['error', 'miss', 'rehash'])),
    ...read.as('discovery', (setting) => DISCOVERIES[choice(DISCOVERY_NAMES)(setting)]()),
    ...read.as('idleTimeout', milliseconds),
  }
}

function readTls(read: Reader): TlsOptions {
  return {
    ...read.as('ca', certificates),
    ...read.as('trustDefaultCa', yesOrNo),
    ...read.as('cert', certificates),
    ...read.as('key', secretSource),
    ...read.as('pfx', (setting) => ({ file: secretFile(setting) })),
    ...read.as('passphrase', ({ value }) => value),
    ...read.as('crl', certificates),
    ...read.as('servername', ({ value }) => value),
    ...read.as('pins', list),
    ...read.as('minVersion', choice(['TLSv1.2', 'TLSv1.3'])),
  }
}

function readAuth(read: Reader): Pick<HardeningOptions, 'sasl' | 'asciiAuth'> {
  const any = read.first('auth')
  if (any === undefined) return {}
  const { auth = 'sasl' } = read.as('auth', choice(['sasl', 'ascii']))
  const { username, password, passwordFile } = {
    ...read.as('username', ({ value }) => value),
    ...read.as('password', ({ value }) => new Secret(value)),
    ...read.as('passwordFile', (setting) => ({ file: secretFile(setting) })),
  }
  if (username === undefined) {
    throw new TypeError(
      `${any.from} needs a user name: memcacheds://user:password@cache1, or ${SETTINGS.username.variable}`,
    )
  }
  if (password !== undefined && passwordFile !== undefined) {
    throw new TypeError(
      `${read.from('password')} and ${read.from('passwordFile')} say the same: keep one of them`,
    )
  }
  const source = password ?? passwordFile
  if (source === undefined) {
    throw new TypeError(
      `${any.from} needs a password: memcacheds://user:password@cache1, "passwordFile", or ${SETTINGS.password.variable}`,
    )
  }
  const options: AuthOptions = { username, password: source }
  const strength = {
    ...read.as('mechanisms', (setting) => listOf(setting, choice(MECHANISM_NAMES))),
    ...read.as('minimumStrength', choice(MECHANISM_NAMES)),
  }
  if (auth === 'sasl') return { sasl: { ...options, ...strength } }
  const [other] = (['mechanisms', 'minimumStrength'] as const).filter((name) => strength[name] !== undefined)
  if (other !== undefined) {
    throw new TypeError(
      `${read.from(other)} is about SASL, and ${read.from('auth')} says ascii: leave one out`,
    )
  }
  return { asciiAuth: options }
}

function readEncryption(read: Reader): HardeningEncryption | undefined {
  const any = read.first('encryption')
  if (any === undefined) return undefined
  const { keys, keysText } = {
    ...read.as('keys', (setting): KeysSource => ({ file: secretFile(setting) })),
    ...read.as('keysText', ({ value }): KeysSource => value),
  }
  if (keys !== undefined && keysText !== undefined) {
    throw new TypeError(`${read.from('keys')} and ${read.from('keysText')} say the same: keep one of them`)
  }
  const source = keys ?? keysText
  if (source === undefined) {
    throw new TypeError(
      `${any.from} is about encryption, which needs keys: "keys" with the path of a file, ${SETTINGS.keys.variable} or ${SETTINGS.keysText.variable}`,
    )
  }
  return {
    keys: source,
    ...read.as('context', ({ value }) => value),
    ...read.as('algorithm', choice(ENVELOPE_ALGORITHMS)),
    ...read.as('keyNames', choice(['plain', 'hmac'])),
    ...read.as('compress', (setting) => {
      const codec = choice(['true', 'false', 'zstd', 'brotli', 'deflate'])(setting)
      return codec === 'true' || codec === 'false' ? codec === 'true' : { codec }
    }),
    ...read.as('pad', padding),
    ...read.as('bindExpiry', (setting) => {
      const chosen = choice(['true', 'false', 'required'])(setting)
      return chosen === 'required' ? chosen : chosen === 'true'
    }),
    ...read.as('rewrap', yesOrNo),
    ...read.as('onFailure', choice(['miss', 'throw'])),
  }
}

/** Takes settings into options. */
class Reader {
  readonly #settings: ReadonlyMap<SettingName, Setting>

  constructor(settings: ReadonlyMap<SettingName, Setting>) {
    this.#settings = settings
  }

  /** The option of that name, where it is set. */
  as<Name extends SettingName, T>(
    name: Name,
    convert: (setting: Setting) => T,
  ): Readonly<Partial<Record<Name, T>>> {
    const setting = this.#settings.get(name)
    return (setting === undefined ? {} : { [name]: convert(setting) }) as Partial<Record<Name, T>>
  }

  /** Where a setting stands that is set. */
  from(name: SettingName): string {
    return this.#settings.get(name)?.from ?? name
  }

  /** The first setting of a layer. */
  first(layer: Layer): Setting | undefined {
    return [...this.#settings].find(([name]) => SETTINGS[name].layer === layer)?.[1]
  }
}

/** PEM where there is no secret in it, or the path of a file. */
function certificates(setting: Setting): Source {
  if (setting.value.includes(PEM) && isVariable(setting)) return setting.value
  return { file: path(setting) }
}

/** A private key as PEM, in a variable alone, or the path of a file. */
function secretSource(setting: Setting): Source {
  if (setting.value.includes(PEM) && isVariable(setting)) return setting.value
  return { file: secretFile(setting) }
}

/** A path that may be a secret in the wrong place: one that leads nowhere is not repeated. */
function secretFile(setting: Setting): string {
  const file = path(setting)
  if (existsSync(file)) return file
  throw new TypeError(`${setting.from} must be the path of a file, and there is no such file: correct it`)
}

function path({ value, from }: Setting): string {
  if (!value.includes(PEM) && !value.includes(KEY_TEXT) && !value.includes('\0')) return value
  throw new TypeError(`${from} must be the path of a file: write what it holds into one, and name that`)
}

function isVariable({ from }: Setting): boolean {
  return from.startsWith('MEMKEEP_')
}

function milliseconds({ value, from }: Setting): number {
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw new TypeError(`${from} must be a whole number of milliseconds`)
}

function yesOrNo(setting: Setting): boolean {
  return choice(['true', 'false'])(setting) === 'true'
}

function choice<const Choice extends string>(choices: readonly Choice[]): (setting: Setting) => Choice {
  return ({ value, from }) => {
    const chosen = choices.find((each) => each === value)
    if (chosen === undefined) throw new TypeError(`${from} must be one of ${choices.join(', ')}`)
    return chosen
  }
}

function list({ value }: Setting): readonly string[] {
  return value.split(/[\s,]+/).filter((item) => item !== '')
}

function listOf<T>(setting: Setting, convert: (setting: Setting) => T): readonly T[] {
  return list(setting).map((value) => convert({ ...setting, value }))
}

function padding(setting: Setting): Padding {
  if (setting.value === 'padme') return 'padme'
  return listOf(setting, ({ value, from }) => {
    if (/^\d{1,15}$/.test(value)) return Number(value)
    throw new TypeError(`${from} must be padme, or sizes in bytes with commas between them`)
  })
}
