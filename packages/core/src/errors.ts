import { displayText } from './display-text.ts'

/** Every code that a {@link MemkeepError} can carry. Codes are API: they never change their meaning. */
export const MEMKEEP_ERROR_CODES = [
  // what the caller gave
  'ERR_MEMKEEP_INVALID_ENDPOINT',
  'ERR_MEMKEEP_INVALID_KEY',
  'ERR_MEMKEEP_INVALID_CREDENTIALS',
  'ERR_MEMKEEP_INVALID_KEYRING',
  'ERR_MEMKEEP_UNSUPPORTED_OPERATION',
  // reaching a server
  'ERR_MEMKEEP_CONNECT_FAILED',
  'ERR_MEMKEEP_CONNECT_TIMEOUT',
  'ERR_MEMKEEP_CONNECTION_LIMIT',
  'ERR_MEMKEEP_CONNECTION_LOST',
  'ERR_MEMKEEP_SERVER_DOWN',
  'ERR_MEMKEEP_BACKEND_UNREACHABLE',
  'ERR_MEMKEEP_CLOSED',
  'ERR_MEMKEEP_SERVER_UNSUPPORTED',
  'ERR_MEMKEEP_DISCOVERY_FAILED',
  // TLS: asked for
  'ERR_MEMKEEP_TLS_REQUIRED',
  // TLS: our own certificate, key, authorities and revocation lists
  'ERR_MEMKEEP_TLS_MATERIAL',
  'ERR_MEMKEEP_TLS_KEY_MISMATCH',
  'ERR_MEMKEEP_TLS_PASSPHRASE_REQUIRED',
  'ERR_MEMKEEP_TLS_PASSPHRASE_WRONG',
  // TLS: the server's certificate
  'ERR_MEMKEEP_TLS_UNKNOWN_CA',
  'ERR_MEMKEEP_TLS_INCOMPLETE_CHAIN',
  'ERR_MEMKEEP_TLS_INVALID_CHAIN',
  'ERR_MEMKEEP_TLS_SELF_SIGNED',
  'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
  'ERR_MEMKEEP_TLS_IP_MISMATCH',
  'ERR_MEMKEEP_TLS_NO_SUBJECT_ALT_NAME',
  'ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED',
  'ERR_MEMKEEP_TLS_CERTIFICATE_NOT_YET_VALID',
  'ERR_MEMKEEP_TLS_CERTIFICATE_REVOKED',
  'ERR_MEMKEEP_TLS_CRL_UNUSABLE',
  'ERR_MEMKEEP_TLS_WEAK_KEY',
  'ERR_MEMKEEP_TLS_WEAK_SIGNATURE',
  'ERR_MEMKEEP_TLS_WRONG_PURPOSE',
  'ERR_MEMKEEP_TLS_PIN_MISMATCH',
  // TLS: what the server says of us, and the handshake itself
  'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED',
  'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED',
  'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_EXPIRED',
  'ERR_MEMKEEP_TLS_NOT_SPOKEN',
  'ERR_MEMKEEP_TLS_VERSION_REFUSED',
  'ERR_MEMKEEP_TLS_NO_SHARED_CIPHER',
  'ERR_MEMKEEP_TLS_DOWNGRADE',
  'ERR_MEMKEEP_TLS_HANDSHAKE_FAILED',
  // authentication
  'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
  'ERR_MEMKEEP_AUTH_REQUIRED',
  'ERR_MEMKEEP_AUTH_NOT_REQUIRED',
  'ERR_MEMKEEP_AUTH_REJECTED',
  'ERR_MEMKEEP_AUTH_PAUSED',
  'ERR_MEMKEEP_AUTH_MECHANISM_UNAVAILABLE',
  'ERR_MEMKEEP_AUTH_MECHANISM_TOO_WEAK',
  'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE',
  // authentication: a server that does not keep to its mechanism
  'ERR_MEMKEEP_AUTH_MALFORMED_CHALLENGE',
  'ERR_MEMKEEP_AUTH_UNEXPECTED_STEP',
  'ERR_MEMKEEP_AUTH_EXTENSION_UNSUPPORTED',
  'ERR_MEMKEEP_AUTH_NONCE_MISMATCH',
  'ERR_MEMKEEP_AUTH_ITERATIONS_TOO_FEW',
  'ERR_MEMKEEP_AUTH_ITERATIONS_TOO_MANY',
  'ERR_MEMKEEP_AUTH_SIGNATURE_MISMATCH',
  'ERR_MEMKEEP_AUTH_SIGNATURE_MISSING',
  // commands
  'ERR_MEMKEEP_COMMAND_TIMEOUT',
  'ERR_MEMKEEP_OVERLOADED',
  'ERR_MEMKEEP_PROTOCOL',
  'ERR_MEMKEEP_SERVER_ERROR',
  'ERR_MEMKEEP_VALUE_TOO_LARGE',
  'ERR_MEMKEEP_OUT_OF_MEMORY',
  'ERR_MEMKEEP_NOT_A_NUMBER',
  // encryption: keys and algorithms
  'ERR_MEMKEEP_KEYS_UNAVAILABLE',
  'ERR_MEMKEEP_UNSAFE_ROTATION',
  'ERR_MEMKEEP_ALGORITHM_UNAVAILABLE',
  // opening a sealed value
  'ERR_MEMKEEP_ENVELOPE_TRUNCATED',
  'ERR_MEMKEEP_ENVELOPE_FOREIGN',
  'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
  'ERR_MEMKEEP_UNKNOWN_KEY_ID',
  'ERR_MEMKEEP_DECRYPT_FAILED',
  'ERR_MEMKEEP_ENVELOPE_EXPIRED',
  'ERR_MEMKEEP_ENVELOPE_NO_EXPIRY',
  'ERR_MEMKEEP_ENVELOPE_CONTENT',
  // what an adapter keeps for itself
  'ERR_MEMKEEP_RECORD_UNREADABLE',
] as const

/** The closed union of error codes. */
export type MemkeepErrorCode = (typeof MEMKEEP_ERROR_CODES)[number]

const BRAND = Symbol.for('memkeep.error')

/**
 * The one error class of Memkeep: a fault with a stable `code`, a sentence that says what to do next, and the
 * `cause` it came from. Wrong arguments are a `TypeError` or `RangeError` instead.
 *
 * `instanceof` goes by a registered symbol, so it also holds between two installed copies of the package.
 */
export class MemkeepError extends Error {
  override readonly name: string = 'MemkeepError'
  readonly code: MemkeepErrorCode

  constructor(code: MemkeepErrorCode, message: string, options?: { readonly cause?: unknown }) {
    // a server's words may be in it
    super(displayText(message), options)
    this.code = code
    Object.defineProperty(this, BRAND, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}
