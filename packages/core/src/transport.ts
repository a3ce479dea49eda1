import type { Duplex } from 'node:stream'
import type { Endpoint } from './endpoint.ts'

/**
 * The most bytes that a chunk of several commands may have: one TLS record's payload (RFC 8446, section 5.1).
 * A longer chunk holds one command alone.
 */
export const MAX_CHUNK_BYTES = 16_384

/**
 * An open connection to one server. A Duplex with one promise more: every chunk given to one `write` holds whole
 * commands (up to {@link MAX_CHUNK_BYTES}, or one longer command alone), and the channel keeps chunks whole.
 * TCP does so by nature, the TLS channel by never letting a record mix the end of a command with the start of
 * another, which hangs memcached before 1.6.39.
 */
export interface Channel extends Duplex {
  /** The address that was really connected to; undefined on a Unix socket. */
  readonly remoteAddress?: string | undefined
  /** As a socket's: it keeps the process alive, which is so from the start. */
  ref?(): unknown
  /** As a socket's: it does not keep the process alive. */
  unref?(): unknown
}

/** What a {@link Transport} is given to connect with. */
export interface ConnectOptions {
  /** Ends the attempt; `connect` then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Called when the network connection is there, before any handshake; again for every further attempt. */
  readonly onConnected?: (() => void) | undefined
  /**
   * Called at most once, when the channel should be replaced, as after its certificate was rotated: open another,
   * let what is in flight finish, then close this one. Until then it works as before. A channel whose owner gives
   * no `onRetire` is left alone.
   */
  readonly onRetire?: (() => void) | undefined
}

/** How bytes reach one server. */
export interface Transport {
  /** A word for messages: `tcp`, `tls`. */
  readonly name: string
  /** Whether nobody between here and the server can read or change what is sent. */
  readonly confidential: boolean
  /**
   * Resolves to a channel whose handshake is complete, and which flows when somebody listens to its data; it has an
   * `error` listener, so that a late fault never throws.
   */
  connect(endpoint: Endpoint, options: ConnectOptions): Promise<Channel>
  /**
   * Finds out more about an error of a connection that was not accepted, where another connection can tell; resolves to
   * a better error, or to the same.
   */
  diagnose?(error: unknown, endpoint: Endpoint, options: Pick<ConnectOptions, 'signal'>): Promise<unknown>
}
