import { isLoopbackHost, type Endpoint } from './endpoint.ts'
import type { Channel, ConnectOptions, Transport } from './transport.ts'

/** What an {@link Authenticator} may know of the connection that it speaks on. */
export interface AuthContext {
  readonly endpoint: Endpoint
  /** Whether a password may be sent here: a confidential transport, or loopback or a Unix socket that the user named. */
  readonly passwordSafe: boolean
  /** Ends the attempt; `authenticate` then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Called when the channel should be replaced, as after a password was changed. */
  readonly onRetire?: ConnectOptions['onRetire']
}

/** What must be said before the first command. */
export interface Authenticator {
  /** A word for messages: `sasl`, `ascii-auth`. */
  readonly name: string
  /** What the server speaks from then on: memcached's text family, or its binary protocol. */
  readonly protocol: 'text' | 'binary'
  /**
   * Called before a connection is made, for whatever takes time, such as fetching a password, or makes the attempt
   * pointless, such as one that the server has just refused.
   */
  prepare?(endpoint: Endpoint, options: Pick<ConnectOptions, 'signal'>): Promise<void>
  /** Resolves when the server has accepted us; leaves no byte of an answer unread. */
  authenticate(channel: Channel, context: AuthContext): Promise<void>
}

/**
 * Whether a password may be sent on this channel. Loopback counts only when both what the user wrote and the
 * address that was really connected to are loopback, so a name that resolves elsewhere is not trusted.
 *
 * @param discovered whether not the user but a discovery named the endpoint: then loopback does not count
 */
export function isPasswordSafe(
  transport: Transport,
  endpoint: Endpoint,
  remoteAddress: string | undefined,
  discovered = false,
): boolean {
  if (transport.confidential) return true
  if (discovered) return false
  if ('path' in endpoint) return true
  return isLoopbackHost(endpoint.host) && isLoopbackHost(remoteAddress ?? '')
}
