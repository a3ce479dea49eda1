import { formatEndpoint, MemkeepError, Secret, type AuthContext } from '@memkeep/core'
import { assertOptions } from '@memkeep/core/internal'

/** Options of `sasl` and `asciiAuth`. */
export interface AuthOptions {
  readonly username: string
  readonly password: string | Secret
  /** Says the password even where others may read it. Default false. */
  readonly allowInsecureAuth?: boolean
}

/** A user's name and password; the password never prints. */
export interface Credentials {
  readonly username: string
  readonly password: Secret
}

/**
 * Takes the credentials out of a factory's options.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`
 * @throws TypeError for an unknown option or a wrong type
 */
export function readCredentials(owner: string, options: AuthOptions): Credentials {
  assertOptions(owner, options, ['username', 'password', 'allowInsecureAuth'])
  const insecure: unknown = options.allowInsecureAuth ?? false
  if (typeof insecure !== 'boolean')
    throw new TypeError(`${owner}: "allowInsecureAuth" must be true or false`)
  const username: unknown = options.username
  const password: unknown = options.password instanceof Secret ? options.password.reveal() : options.password
  if (typeof username !== 'string') throw new TypeError(`${owner}: "username" must be a string`)
  if (typeof password !== 'string') throw new TypeError(`${owner}: "password" must be a string or a Secret`)
  for (const [what, text] of [
    ['username', username],
    ['password', password],
  ] as const) {
    if (text === '') throw invalid(owner, `the ${what} is empty: is a variable unset?`)
    if (text.includes('\0')) throw invalid(owner, `the ${what} has a NUL, which no mechanism can carry`)
    if (!text.isWellFormed()) throw invalid(owner, `the ${what} is not well-formed Unicode`)
  }
  return { username, password: new Secret(password) }
}

/** A refusal of credentials that names what is wrong, never what they are. */
export function invalid(owner: string, what: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_CREDENTIALS', `${owner}: ${what}.`)
}

/**
 * Refuses to say a password where others could read it, before a byte is sent.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL`
 */
export function assertPasswordSafe(context: AuthContext, { allowInsecureAuth = false }: AuthOptions): void {
  if (context.passwordSafe || allowInsecureAuth) return
  throw new MemkeepError(
    'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
    `The password for ${formatEndpoint(context.endpoint)} would cross the network readable: hand in transport: tls({ ca }), or set "allowInsecureAuth" if the network is yours alone.`,
  )
}
