import type { FileSource } from '@memkeep/core'
import { asBuffer, readFileSource, readOwnOptions } from '@memkeep/core/internal'
import { parsePins } from './pins.ts'

/**
 * Certificates, a private key or a revocation list: as PEM, or the path of a file that is watched for changes. A file
 * with a private key must be private: a regular file of mode 0600, or 0640 with `allowGroup`, that belongs to this
 * process's user or root.
 */
export type Source = string | Uint8Array | FileSource

/** Options of `tls`. Those that Node's `tls.connect` has too are named and meant as there. */
export interface TlsOptions {
  /** The certificate authorities to trust, as PEM. Given, they replace Node's default ones. */
  readonly ca?: Source | readonly Source[]
  /** Trusts Node's default authorities beside `ca`. */
  readonly trustDefaultCa?: boolean
  /** Our own certificate (chain) for mutual TLS, as PEM. Needs `key`. */
  readonly cert?: Source
  /** The private key of `cert`, as PEM. */
  readonly key?: Source
  /**
   * Our own certificate (chain) and its private key in one, as PKCS #12, instead of `cert` and `key`. Authorities in
   * it are trusted beside those of `ca`, since Node does so: leave out of it whom you do not trust.
   */
  readonly pfx?: Source
  /** What `key` or `pfx` is encrypted with. */
  readonly passphrase?: string
  /** Certificate revocation lists, as PEM: one for every authority in the server's chain. */
  readonly crl?: Source | readonly Source[]
  /**
   * Public keys of which the server's verified chain must hold one: `sha256/` and the base64 of the SHA-256 of the
   * SubjectPublicKeyInfo (RFC 7469, section 2.4). Name a backup key too.
   */
  readonly pins?: readonly string[]
  /** The name to expect in the server's certificate. Default: the host as written. Needed on a Unix socket. */
  readonly servername?: string
  /** The oldest version to accept. Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Cipher suites to offer, as OpenSSL writes them. Default: Node's. Weak ones stay off whatever is written. */
  readonly ciphers?: string
  /** Days before a certificate's end from which on it is reported. Default 14, or a third of its life if that is less. */
  readonly warnBefore?: number
  /** Milliseconds between two looks at the files. Default 5,000; 0 reads them on `reload` alone. */
  readonly watchInterval?: number
  /**
   * Milliseconds after which a server that was verified in full is verified in full again, instead of resuming its
   * session. Default 86,400,000 (a day); 0 resumes none.
   */
  readonly maxSessionAge?: number
  /** Accepts any certificate, from anybody: whoever is in between can read and change everything. */
  readonly dangerouslySkipVerification?: boolean
}

const KNOWN = [
  'ca',
  'trustDefaultCa',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'crl',
  'pins',
  'servername',
  'minVersion',
  'ciphers',
  'warnBefore',
  'watchInterval',
  'maxSessionAge',
  'dangerouslySkipVerification',
] as const

const SOURCES = ['ca', 'crl', 'cert', 'key', 'pfx'] as const

/** Whether an option holds a private key. */
export function isSecret(name: string): boolean {
  return name === 'key' || name === 'pfx'
}

/** What people know from Node and look for here. */
const INSTEAD: Readonly<Record<string, string>> = {
  rejectUnauthorized:
    'for a private authority hand in its certificate as "ca"; to accept anybody, at your own risk, the name is "dangerouslySkipVerification"',
  checkServerIdentity: 'the name to expect is "servername", and "pins" names the keys to expect',
  secureContext: 'hand in "ca", "cert" and "key" themselves',
  maxVersion: 'the newest version that both sides know is used',
  ALPNProtocols: 'memcached negotiates no protocol over TLS',
}

/**
 * Reads the options: a copy of what is their own. Refuses those that do not exist, with what to write instead, and those
 * that contradict each other.
 *
 * @throws TypeError, RangeError
 */
export function readTlsOptions(given: TlsOptions): TlsOptions {
  for (const [name, instead] of Object.entries(INSTEAD)) {
    if (Object.hasOwn(given, name)) throw new TypeError(`tls: there is no "${name}": ${instead}`)
  }
  const options = readOwnOptions('tls', given, KNOWN)
  for (const name of SOURCES) {
    const value = options[name]
    if (value !== undefined) Object.assign(options, { [name]: readSources(name, value) })
  }
  for (const name of ['passphrase', 'servername', 'ciphers'] as const) assertText(name, options[name])
  for (const name of ['trustDefaultCa', 'dangerouslySkipVerification'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'boolean')
      throw new TypeError(`tls: "${name}" must be a boolean`)
  }
  const minVersion: unknown = options.minVersion
  if (minVersion !== undefined && minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3') {
    throw new RangeError('tls: "minVersion" must be TLSv1.2 or TLSv1.3')
  }
  if (options.ciphers?.includes('@') === true) {
    throw new RangeError('tls: "ciphers" names cipher suites alone: the security level is not for changing')
  }
  assertNumber('warnBefore', options.warnBefore, 'days')
  assertNumber('watchInterval', options.watchInterval, 'milliseconds')
  assertNumber('maxSessionAge', options.maxSessionAge, 'milliseconds')
  if (options.pins !== undefined) parsePins(options.pins)
  assertTogether(options)
  return options
}

function assertTogether(options: TlsOptions): void {
  if (options.pfx !== undefined && (options.cert !== undefined || options.key !== undefined)) {
    throw new TypeError('tls: "pfx" holds certificate and key: leave out "cert" and "key", or "pfx"')
  }
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw new TypeError('tls: "cert" and "key" belong together: hand in both for mutual TLS, or neither')
  }
  if (options.trustDefaultCa === true && options.ca === undefined) {
    throw new TypeError('tls: "trustDefaultCa" goes with "ca": without it they are trusted anyway')
  }
  if (options.dangerouslySkipVerification !== true) return
  for (const name of ['ca', 'crl', 'pins'] as const) {
    if (options[name] !== undefined) {
      throw new TypeError(
        `tls: "${name}" says whom to trust and "dangerouslySkipVerification" trusts anybody`,
      )
    }
  }
}

function readSources(name: (typeof SOURCES)[number], value: unknown): Source | readonly Source[] {
  const isList = (name === 'ca' || name === 'crl') && Array.isArray(value)
  if (!isList) return readSource(name, value)
  if (value.length === 0) throw new TypeError(`tls: "${name}" is empty: leave it out, or hand something in`)
  return value.map((source: unknown) => readSource(name, source))
}

function readSource(name: string, source: unknown): Source {
  if (typeof source === 'string') return source
  const bytes = asBuffer(source)
  if (bytes !== undefined) return bytes
  const { file } = (source ?? {}) as { readonly file?: unknown }
  if (typeof source === 'object' && typeof file === 'string' && file !== '') {
    return readFileSource(`tls: "${name}"`, source, isSecret(name))
  }
  throw new TypeError(`tls: "${name}" must be text, a Buffer, a Uint8Array or { file: 'its path' }`)
}

function assertText(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== 'string' || value === '')) {
    throw new TypeError(`tls: "${name}" must be a string that is not empty`)
  }
}

function assertNumber(name: string, value: unknown, unit: string): void {
  if (value !== undefined && (typeof value !== 'number' || !(value >= 0) || value > 2 ** 31 - 1)) {
    throw new RangeError(`tls: "${name}" must be a number of ${unit}, 0 or more`)
  }
}
