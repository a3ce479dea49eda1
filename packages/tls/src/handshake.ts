import type { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import type { Channel, MemkeepError } from '@memkeep/core'
import { chainOf } from './certificate.ts'
import { explainTlsError } from './handshake-errors.ts'
import { checkIdentity, type ExpectedIdentity } from './identity.ts'
import { RecordChannel } from './record-channel.ts'
import type { Ticket } from './session-cache.ts'

/** An alert in clear: a record's header and two bytes (RFC 8446, section 6). */
const ALERT_BYTES = 7

/** What a handshake is done with. */
export interface HandshakeOptions extends ExpectedIdentity {
  /** The open connection that TLS is spoken over. */
  readonly wire: Channel
  readonly context: SecureContext
  /** Our own certificate. */
  readonly own: X509Certificate | undefined
  /** Accepts whoever answers. */
  readonly skipVerification: boolean
  /** When the first revocation list is to be replaced, in milliseconds since 1970. */
  readonly listsEnd: number
  /** Milliseconds for which a verification is relied on. */
  readonly maxSessionAge: number
  /** An earlier session of this server's to offer. */
  readonly ticket: Ticket | undefined
  /** Called for every session that the server sends once it is verified. */
  readonly onTicket: (ticket: Ticket) => void
  readonly signal: AbortSignal
}

/** A connection whose handshake is complete. */
export interface Established {
  readonly channel: RecordChannel
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string
  /** The cipher suite, by its standard name. */
  readonly cipher: string
  readonly resumed: boolean
  readonly certificate: X509Certificate | undefined
}

/**
 * Does the handshake (RFC 8446; RFC 5246) and verifies the server: its chain by OpenSSL, then its name and pins.
 *
 * @throws MemkeepError as {@link explainTlsError}; the signal's reason
 */
export function handshake(options: HandshakeOptions): Promise<Established> {
  const { wire, context, own, name, ticket, signal } = options
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: wire,
      secureContext: context,
      host: name,
      // server name indication carries names only (RFC 6066, section 3); an own property, so that a polluted
      // Object.prototype adds none
      servername: isIP(name) === 0 ? name : '',
      timeout: 0,
      ...(ticket !== undefined && { session: ticket.session }),
      // said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off
      rejectUnauthorized: !options.skipVerification,
      checkServerIdentity: (_host, peer) => checkIdentity(options, peer),
    })
    let protocol: string | undefined
    /** Sessions that came before the server was verified. */
    const early: Buffer[] = []
    const onEarlySession = (session: Buffer): void => {
      early.push(session)
    }
    const explain = (cause: Error | null, accepted: boolean): MemkeepError =>
      explainTlsError(cause, {
        server: options.server,
        own,
        protocol,
        answered: ((wire as Partial<Socket>).bytesRead ?? 0) > ALERT_BYTES,
        accepted,
      })
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason as Error)
    }
    const onFailure = (cause: Error | null): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(explain(cause, false))
    }
    const onClose = (): void => {
      onFailure(null)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('session', onEarlySession).once('error', onFailure).once('close', onClose)
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      const established = establish(socket, ticket, explain)
      protocol = established.protocol
      socket.off('error', onFailure).off('close', onClose).off('session', onEarlySession)
      const { protocol: version, certificate, resumed } = established
      if (certificate !== undefined) {
        const until = resumed && ticket !== undefined ? ticket.until : endOf(certificate, options)
        const keep = (session: Buffer): void => {
          options.onTicket({ session, certificate, protocol: version, until })
        }
        early.forEach(keep)
        socket.on('session', keep)
      }
      resolve(established)
    })
  })
}

/**
 * Until when a verification is relied on: as long as what it was done with is valid, the whole chain and the revocation
 * lists, and for its greatest age.
 */
function endOf(
  certificate: X509Certificate,
  { listsEnd, maxSessionAge }: Pick<HandshakeOptions, 'listsEnd' | 'maxSessionAge'>,
): number {
  const ends = chainOf(certificate).map(({ validTo }) => Date.parse(validTo))
  return Math.min(...ends, listsEnd, Date.now() + maxSessionAge)
}

function establish(
  socket: TLSSocket,
  ticket: Ticket | undefined,
  explain: (cause: Error | null, accepted: boolean) => MemkeepError,
): Established {
  const resumed = socket.isSessionReused()
  return {
    channel: new RecordChannel(socket, explain),
    protocol: String(socket.getProtocol()),
    cipher: socket.getCipher().standardName,
    resumed,
    certificate: resumed ? ticket?.certificate : socket.getPeerX509Certificate(),
  }
}
