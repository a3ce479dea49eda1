import { formatEndpoint } from '@memkeep/core'
import { readAuthOptions, type AuthOptions } from './auth-options.ts'
import { converse, listMechanisms } from './conversation.ts'
import type { Version } from './credential-store.ts'
import { cramMd5 } from './mechanisms/cram-md5.ts'
import { MECHANISMS, type Mechanism, type MechanismName } from './mechanisms/mechanism.ts'
import { plain } from './mechanisms/plain.ts'
import { prepare } from './mechanisms/saslprep.ts'
import { isScram, scram } from './mechanisms/scram.ts'
import { acceptable, choose, type Preferences } from './negotiation.ts'
import { PasswordAuthenticator } from './password-authenticator.ts'

/** Options of {@link sasl}. */
export interface SaslOptions extends AuthOptions {
  /**
   * The mechanisms that may be taken; the strongest that the server offers is. Default: the SCRAM ones and PLAIN.
   * `CRAM-MD5` is taken only when it is named here.
   */
  readonly mechanisms?: readonly MechanismName[]
  /** Refuses weaker mechanisms, in the order `SCRAM-SHA-512`, `-256`, `-1`, `PLAIN`, `CRAM-MD5`. */
  readonly minimumStrength?: MechanismName
  /** SCRAM: fewer iterations are refused. Default 4,096 (RFC 7677, section 4). */
  readonly minIterations?: number
  /** SCRAM: more iterations are refused. Default 600,000, some tenths of a second of one thread of the pool. */
  readonly maxIterations?: number
}

const MIN_ITERATIONS = 4096
const MAX_ITERATIONS = 600_000

/**
 * SASL authentication (RFC 4422) over memcached's binary protocol, for servers started with `-S`. Takes the strongest
 * mechanism that both sides know; PLAIN and CRAM-MD5 only on a confidential transport, loopback or a Unix socket.
 *
 * `authenticate` rejects with a MemkeepError: `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` (no password was sent),
 * `_NOT_REQUIRED` (the server lets anyone in), `_MECHANISM_UNAVAILABLE`, `_MECHANISM_TOO_WEAK`, `_REJECTED`,
 * `_PAUSED`, and, for a server that does not keep to its mechanism, `_MALFORMED_CHALLENGE`, `_UNEXPECTED_STEP`,
 * `_EXTENSION_UNSUPPORTED`, `_NONCE_MISMATCH`, `_ITERATIONS_TOO_FEW`, `_ITERATIONS_TOO_MANY`, `_SIGNATURE_MISMATCH`,
 * `_SIGNATURE_MISSING`.
 *
 * @example
 * new MemcachedClient({ servers, transport: tls({ ca }), auth: sasl({ username, password }) })
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`
 * @throws TypeError, RangeError for an unknown option, or one that is none
 */
export function sasl(given: SaslOptions): PasswordAuthenticator {
  const options = readSaslOptions(given)
  const { mechanisms, minimumStrength, allowInsecureAuth = false } = options
  return new PasswordAuthenticator('sasl', options, {
    name: 'sasl',
    protocol: 'binary',
    check({ username, password }) {
      // with PLAIN left, a password that SCRAM cannot carry may still be said
      if (mechanisms?.every(isScram) !== true) return
      prepare(username)
      prepare(password.reveal())
    },
    async say(channel, context, version) {
      const server = formatEndpoint(context.endpoint)
      const passwordSafe = context.passwordSafe || allowInsecureAuth
      const preferences: Preferences = { server, mechanisms, minimumStrength, passwordSafe }
      acceptable(preferences)
      const offered = await listMechanisms(channel, server, context.signal)
      const mechanism = create(choose(preferences, offered), version, options)
      await converse(channel, mechanism, server, context.signal)
    },
  })
}

function create(name: MechanismName, { credentials, scramKeys }: Version, options: SaslOptions): Mechanism {
  const { minIterations = MIN_ITERATIONS, maxIterations = MAX_ITERATIONS } = options
  if (name === 'PLAIN') return plain(credentials)
  if (name === 'CRAM-MD5') return cramMd5(credentials)
  return scram(credentials, { name, cache: scramKeys, minIterations, maxIterations })
}

function readSaslOptions(given: SaslOptions): SaslOptions {
  const more = ['mechanisms', 'minimumStrength', 'minIterations', 'maxIterations']
  const options = readAuthOptions('sasl', given, more)
  const { minIterations = MIN_ITERATIONS, maxIterations = MAX_ITERATIONS } = options
  const mechanisms: unknown = options.mechanisms
  if (
    mechanisms !== undefined &&
    (!Array.isArray(mechanisms) || !mechanisms.every(isKnown) || mechanisms.length === 0)
  ) {
    throw new TypeError(`sasl: "mechanisms" must be an array of ${MECHANISMS.join(', ')}`)
  }
  if (options.minimumStrength !== undefined && !isKnown(options.minimumStrength)) {
    throw new TypeError(`sasl: "minimumStrength" must be one of ${MECHANISMS.join(', ')}`)
  }
  for (const [name, value] of [
    ['minIterations', minIterations],
    ['maxIterations', maxIterations],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
      throw new RangeError(`sasl: "${name}" must be a whole number from 1 to 2,147,483,647`)
    }
  }
  if (minIterations > maxIterations) {
    throw new RangeError('sasl: "minIterations" must not be more than "maxIterations"')
  }
  return options
}

function isKnown(name: unknown): name is MechanismName {
  return MECHANISMS.some((known) => known === name)
}
