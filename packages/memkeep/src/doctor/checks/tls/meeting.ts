import type { X509Certificate } from 'node:crypto'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { CheckContext } from '../../check.ts'
import { BOUNDS } from '../../engine/bounds.ts'
import { StreamConversation } from '../../engine/conversation.ts'
import { askVersion } from '../../engine/questions.ts'

/** What came of a TLS connection on which the version was asked for. */
export interface Meeting {
  /** `in`: the server answered. `refused`: it broke off. `silent`: neither. */
  readonly outcome: 'in' | 'refused' | 'silent'
  /** What it said or how it broke off, for people. */
  readonly answer: string
  /** The server's certificate, then those that it sent with it; empty where the handshake failed. */
  readonly chain: readonly X509Certificate[]
  /** Something to resume the session with, and whether a ticket is in it. */
  readonly session: { readonly data: Buffer; readonly ticket: boolean } | undefined
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean
}

/** The most certificates of a chain that are looked at. */
const MAX_CHAIN = 10

/** Connects, and asks for the version, since on TLS 1.3 a server says no after the handshake alone. */
export async function meet(context: CheckContext, options: ConnectionOptions = {}): Promise<Meeting> {
  const { socket, failure } = await context.openTls(options)
  if (socket === undefined) {
    return { outcome: 'refused', answer: failure, chain: [], session: undefined, resumed: false }
  }
  // read now: a socket that failed must not be asked
  const isTls13 = socket.getProtocol() === 'TLSv1.3'
  const chain = chainOf(socket)
  const resumed = socket.isSessionReused()
  let session = isTls13 ? undefined : sessionOf(socket)
  if (isTls13) socket.on('session', (data: Buffer) => (session = { data, ticket: true }))
  const conversation = new StreamConversation(socket, BOUNDS)
  const protocol = context.strangerProtocol === 'none' ? context.friendProtocol : context.strangerProtocol
  const { received, reply } = await askVersion(conversation, protocol)
  conversation.close()
  const outcome = received.length > 0 ? 'in' : reply.end === 'quiet' ? 'silent' : 'refused'
  return { outcome, answer: reply.failure ?? reply.end, chain, session, resumed }
}

/** The session of TLS 1.2 and before, by ticket or by the server's memory. */
function sessionOf(socket: TLSSocket): Meeting['session'] {
  const data = socket.getSession()
  return data === undefined ? undefined : { data, ticket: socket.getTLSTicket() !== undefined }
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next = socket.getPeerX509Certificate()
  while (next !== undefined && chain.length < MAX_CHAIN) {
    const { fingerprint256 } = next
    if (chain.some((earlier) => earlier.fingerprint256 === fingerprint256)) break
    chain.push(next)
    next = next.issuerCertificate
  }
  return chain
}
