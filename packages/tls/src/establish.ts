import {
  formatEndpoint,
  MemkeepError,
  type ConnectOptions,
  type Endpoint,
  type Transport,
} from '@memkeep/core'
import { channels, type HandshakeMessage } from './channels.ts'
import { diagnose, isAmbiguous } from './diagnosis.ts'
import type { Generation } from './generation.ts'
import { handshake, type Established } from './handshake.ts'
import type { Ticket } from './session-cache.ts'

/** What connections are established with. */
export interface EstablishOptions {
  readonly generation: Generation
  /** What TLS is spoken over. */
  readonly wire: Transport
  /** The name to expect; undefined for the endpoint's host. */
  readonly servername: string | undefined
  readonly pins: ReadonlySet<string> | undefined
  /** Milliseconds for which a verification is relied on. */
  readonly maxSessionAge: number
  /** Accepts whoever answers. */
  readonly skipVerification: boolean
  readonly signal: AbortSignal
  readonly onConnected: ConnectOptions['onConnected']
}

/**
 * Connects and does the handshake. An earlier session is offered if there is one; a server that breaks off for it is
 * asked again without.
 *
 * @throws MemkeepError `ERR_MEMKEEP_CONNECT_FAILED` or `ERR_MEMKEEP_TLS_…`; the signal's reason
 */
export async function establish(endpoint: Endpoint, options: EstablishOptions): Promise<Established> {
  const server = formatEndpoint(endpoint)
  const { sessions } = options.generation
  const ticket = sessions.take(server)
  if (ticket === undefined) return attempt(endpoint, options, undefined)
  try {
    return await attempt(endpoint, options, ticket)
  } catch (error) {
    if (!isAlert(error)) throw error
    const established = await attempt(endpoint, options, undefined)
    sessions.refuse(server)
    return established
  }
}

async function attempt(
  endpoint: Endpoint,
  {
    generation,
    wire,
    servername,
    pins,
    maxSessionAge,
    skipVerification,
    signal,
    onConnected,
  }: EstablishOptions,
  ticket: Ticket | undefined,
): Promise<Established> {
  const server = formatEndpoint(endpoint)
  const { material, sessions } = generation
  const facts = { server, name: expectedName(endpoint, servername), pins, maxSessionAge, signal, ...material }
  return published(endpoint, async () => {
    try {
      return await handshake({
        ...facts,
        wire: await wire.connect(endpoint, { signal, onConnected }),
        skipVerification,
        ticket,
        onTicket: (next) => {
          sessions.put(server, next)
        },
      })
    } catch (error) {
      if (!isAmbiguous(error)) throw error
      throw await diagnose(error, server, async () =>
        handshake({
          ...facts,
          wire: await wire.connect(endpoint, { signal }),
          skipVerification: true,
          ticket: undefined,
          onTicket: () => undefined,
        }),
      )
    }
  })
}

/** Publishes how an attempt went. */
async function published(endpoint: Endpoint, attempt: () => Promise<Established>): Promise<Established> {
  const started = performance.now()
  const publish = (facts: Pick<HandshakeMessage, 'protocol' | 'cipher' | 'resumed' | 'error'>): void => {
    if (!channels.handshake.hasSubscribers) return
    const duration = performance.now() - started
    const server = formatEndpoint(endpoint)
    channels.handshake.publish({ server, endpoint, duration, ...facts } satisfies HandshakeMessage)
  }
  try {
    const established = await attempt()
    const { protocol, cipher, resumed } = established
    publish({ protocol, cipher, resumed })
    return established
  } catch (error) {
    publish({ protocol: undefined, cipher: undefined, resumed: false, error })
    throw error
  }
}

/** Whether the server broke the handshake off by an alert. */
function isAlert(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: string } }
  return /^ERR_SSL_.*ALERT/.test(cause?.code ?? '')
}

function expectedName(endpoint: Endpoint, servername: string | undefined): string {
  // an absolute name is written without its dot in certificates and in SNI (RFC 6066, section 3)
  if (servername !== undefined) return servername.replace(/\.$/, '')
  if ('host' in endpoint) return endpoint.host.replace(/\.$/, '')
  throw new MemkeepError(
    'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
    `TLS over the Unix socket ${endpoint.path} has no host name to verify: set "servername" to one that the server's certificate has.`,
  )
}
