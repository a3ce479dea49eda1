import {
  formatEndpoint,
  MemkeepError,
  openChannel,
  type Authenticator,
  type Channel,
  type ConnectOptions,
  type Endpoint,
  type Transport,
} from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import type { CallClock } from '../clock/call-clock.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { channels, type AuthenticateMessage, type ConnectMessage } from '../telemetry/channels.ts'
import { familyOf, negotiate, type ProtocolChoice } from './negotiate.ts'

/** How connections are opened. */
export interface OpenOptions {
  readonly transport: Transport
  readonly auth: Authenticator | undefined
  readonly protocol: ProtocolChoice
  /** Milliseconds for transport, authentication and the choice of the protocol together. */
  readonly connectTimeout: number
  /** Whether a discovery named the server, and not the user: a password is then not sent in cleartext to loopback. */
  readonly discovered: boolean
  readonly clock: CallClock
}

/** One attempt to open a connection. */
export interface Attempt extends Pick<ConnectOptions, 'onRetire'> {
  /** Ends the attempt; its signal's reason is then the error. */
  readonly attempt: AbortController
  readonly known: KnownOfServer
}

/** What earlier attempts found out about a server. */
export interface KnownOfServer {
  /** Whether it closes the connection at commands that are not classic text, as proxies do. */
  speaksText: boolean
}

/** A channel that the server has accepted, and what is spoken on it. */
export interface OpenedConnection {
  readonly channel: Channel
  readonly protocol: Protocol
}

/**
 * Opens a connection that is ready for its first command, and publishes how that went.
 *
 * @throws MemkeepError as {@link openChannel} and {@link negotiate}; the signal's reason
 */
export async function openConnection(
  endpoint: Endpoint,
  { transport, auth, protocol: choice, connectTimeout, discovered, clock }: OpenOptions,
  { attempt, known, onRetire }: Attempt,
): Promise<OpenedConnection> {
  const server = formatEndpoint(endpoint)
  const family = familyOf(choice, auth)
  const started = time.now()
  const alarm = clock.alarm(() => {
    attempt.abort(new DOMException('The connection took too long', 'TimeoutError'))
  })
  alarm.add(clock.now() + connectTimeout)
  const publish = (protocol: string | undefined, error: unknown): void => {
    if (!channels.connect.hasSubscribers) return
    const duration = time.now() - started
    const message: ConnectMessage = { server, endpoint, transport: transport.name, protocol, duration, error }
    channels.connect.publish(message)
  }
  const open = async (spoken: ProtocolChoice): Promise<OpenedConnection> => {
    let protocol: Protocol | undefined
    const channel = await openChannel(endpoint, {
      transport,
      auth: auth === undefined ? undefined : published(auth, endpoint),
      protocol: family,
      // a proxy may close the connection at "version"
      probe: spoken === 'text' ? 'get' : 'version',
      check: async (opened, context) => {
        protocol = await negotiate(opened, { choice: spoken, family, server, signal: context.signal })
      },
      discovered,
      signal: attempt.signal,
      onRetire,
    })
    if (protocol === undefined) throw new Error('The channel was opened without its check')
    return { channel, protocol }
  }
  try {
    const opened = await open(choice === 'auto' && known.speaksText ? 'text' : choice).catch(
      async (error: unknown) => {
        // a proxy closes the connection at a command that it does not know: text is what all of them speak
        const mayBeProxy = choice === 'auto' && auth === undefined && isClosed(error)
        if (!mayBeProxy || attempt.signal.aborted) throw error
        const inText = await open('text').catch(() => undefined)
        if (inText === undefined) throw error
        known.speaksText = true
        return inText
      },
    )
    publish(opened.protocol.name, undefined)
    return opened
  } catch (error) {
    publish(undefined, error)
    throw error
  } finally {
    alarm.stop()
  }
}

/** The same authenticator, publishing each of its attempts. */
function published(auth: Authenticator, endpoint: Endpoint): Authenticator {
  if (!channels.authenticate.hasSubscribers) return auth
  const publish = (started: number, error: unknown): void => {
    const message: AuthenticateMessage = {
      server: formatEndpoint(endpoint),
      endpoint,
      authenticator: auth.name,
      duration: time.now() - started,
      error,
    }
    channels.authenticate.publish(message)
  }
  return {
    name: auth.name,
    protocol: auth.protocol,
    async prepare(endpoint, options) {
      await auth.prepare?.(endpoint, options)
    },
    async authenticate(channel, context) {
      const started = time.now()
      try {
        await auth.authenticate(channel, context)
        publish(started, undefined)
      } catch (error) {
        publish(started, error)
        throw error
      }
    },
  }
}

/** Whether the server closed the connection instead of answering. */
function isClosed(error: unknown): boolean {
  return error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_CONNECTION_LOST'
}
