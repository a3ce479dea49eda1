import { Secret, type FileSource } from '@memkeep/core'
import { readFileSource, readOwnOptions } from '@memkeep/core/internal'

/**
 * A text, or where it is: a variable of the environment, or a file that is watched for changes, whose line end is
 * dropped. A file with a password must be private: mode 0600, or 0640 with `allowGroup`.
 */
export type TextSource = string | Secret | { readonly env: string } | FileSource

/** What a provider of credentials gives. */
export interface ProvidedCredentials {
  readonly username: string
  readonly password: string | Secret
}

/** Options of `sasl` and `asciiAuth`. */
export interface AuthOptions {
  readonly username?: TextSource
  readonly password?: TextSource
  /**
   * Fetches name and password, as from a secrets manager, instead of `username` and `password`. Asked again when what
   * it gave is older than `credentialsMaxAge`, when a connection is made.
   */
  readonly credentials?: () => Promise<ProvidedCredentials>
  /** Milliseconds that provided credentials are used for. Default 60,000. */
  readonly credentialsMaxAge?: number
  /** Milliseconds that a provider may take. Default 5,000. */
  readonly credentialsTimeout?: number
  /** Milliseconds between two looks at the files. Default 5,000; 0 reads them on `refresh` alone. */
  readonly watchInterval?: number
  /** Says the password even where others may read it. Default false. */
  readonly allowInsecureAuth?: boolean
}

const KNOWN = [
  'username',
  'password',
  'credentials',
  'credentialsMaxAge',
  'credentialsTimeout',
  'watchInterval',
  'allowInsecureAuth',
] as const

/**
 * Reads the options of an authenticator: a copy of what is its own.
 *
 * @param more the names of further options that the owner has
 * @throws TypeError, RangeError for unknown, invalid or contradictory options
 */
export function readAuthOptions<T extends AuthOptions>(
  owner: string,
  options: T,
  more: readonly string[] = [],
): T {
  const own = readOwnOptions(owner, options, [...KNOWN, ...more])
  const insecure: unknown = own.allowInsecureAuth ?? false
  if (typeof insecure !== 'boolean')
    throw new TypeError(`${owner}: "allowInsecureAuth" must be true or false`)
  for (const name of ['credentialsMaxAge', 'credentialsTimeout', 'watchInterval'] as const) {
    const value: unknown = own[name]
    if (value !== undefined && (typeof value !== 'number' || !(value >= 0) || value > 2 ** 31 - 1)) {
      throw new RangeError(`${owner}: "${name}" must be a number of milliseconds, 0 or more`)
    }
  }
  const provider: unknown = own.credentials
  if (provider !== undefined) {
    if (typeof provider !== 'function') throw new TypeError(`${owner}: "credentials" must be a function`)
    if (own.username !== undefined || own.password !== undefined) {
      throw new TypeError(
        `${owner}: "credentials" gives name and password: leave out "username" and "password"`,
      )
    }
    return own
  }
  return Object.assign(own, {
    username: readSource(owner, 'username', own.username),
    password: readSource(owner, 'password', own.password),
  })
}

function readSource(owner: string, name: 'username' | 'password', value: unknown): TextSource {
  if (typeof value === 'string' || value instanceof Secret) return value
  const source = (value ?? {}) as { readonly env?: unknown; readonly file?: unknown }
  if (Object.hasOwn(source, 'file')) return readFileSource(`${owner}: "${name}"`, value, name === 'password')
  if (Object.hasOwn(source, 'env') && typeof source.env === 'string' && source.env !== '') {
    return readOwnOptions(`${owner}: "${name}"`, value as { readonly env: string }, ['env'])
  }
  throw new TypeError(`${owner}: "${name}" must be text, a Secret, { env: 'NAME' } or { file: 'its path' }`)
}
