import { MemkeepError } from '@memkeep/core'

/** What a reply says, the same in every protocol. */
export type ReplyStatus = 'value' | 'done' | 'not-found' | 'not-stored' | 'exists' | 'too-large' | 'error'

/** One decoded reply. */
export interface Reply {
  readonly status: ReplyStatus
  /** The token that the request carried; undefined where the protocol does not echo it, as in refusals. */
  readonly opaque: number | undefined
  /** With `value`: a view into the received bytes, valid until the next read. */
  readonly value: Buffer | undefined
  /** Client flags of a value. */
  readonly flags: number
  /** With `error`: what the server said. */
  readonly message: string
  /** Offset just behind the reply. */
  readonly end: number
}

/** The largest value that a memcached can hold (`-I` takes 1 GiB at most), in bytes. */
const MAX_VALUE_BYTES = 1024 ** 3

/** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for a length that no memcached has */
export function assertValueLength(bytes: number): void {
  if (bytes > MAX_VALUE_BYTES) throw desynchronised('announced a value larger than memcached can hold')
}

/** A reply that makes no sense: the connection can only be destroyed. */
export function desynchronised(what: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `The server ${what}; the connection was closed. Check that nothing but memcached answers at this address.`,
  )
}

/** The error for a reply with status `too-large` or `error`. */
export function faultOf(reply: Reply): MemkeepError {
  if (reply.status === 'too-large') {
    return new MemkeepError(
      'ERR_MEMKEEP_VALUE_TOO_LARGE',
      'The value is larger than the server takes, and what the key held before may be gone: store less, or raise -I on the server.',
    )
  }
  if (reply.message === 'CLIENT_ERROR unauthenticated' || reply.message === AUTH_ERROR) {
    return new MemkeepError(
      'ERR_MEMKEEP_AUTH_REQUIRED',
      'The server demands authentication: hand in auth: sasl({ username, password }) or asciiAuth({ username, password }).',
    )
  }
  const said = JSON.stringify(reply.message.slice(0, 100))
  return new MemkeepError('ERR_MEMKEEP_SERVER_ERROR', `The server refused the command: ${said}.`)
}

/** The message of a binary reply that refuses an unauthenticated command. */
export const AUTH_ERROR = 'authentication error'
