import { BoundedMap } from './bounded-map.ts'

/** As many servers are remembered at most; the one that was used longest ago is forgotten. */
const MAX_SERVERS = 256
/** As many tickets are kept of one server: as many as it sends on one connection, twice. */
const MAX_TICKETS = 4

interface Ticket {
  readonly session: Buffer
  /** When the server's certificate, which a resumed session does not show again, ends. */
  readonly expires: number
  readonly reusable: boolean
}

/**
 * TLS sessions to resume (RFC 8446, section 2.2; RFC 5077), by server. It lives as long as one set of certificates
 * and options does: a session says that the server was verified by those, and is not verified again.
 */
export class SessionCache {
  readonly #tickets = new BoundedMap<string, readonly Ticket[]>(MAX_SERVERS)
  readonly #refused = new BoundedMap<string, true>(MAX_SERVERS)

  /** A session to offer; one of TLS 1.3 is given out once (RFC 8446, appendix C.4). */
  take(server: string): Buffer | undefined {
    const tickets = (this.#tickets.get(server) ?? []).filter(({ expires }) => expires > Date.now())
    const newest = tickets.at(-1)
    if (newest === undefined) return undefined
    this.#tickets.set(server, newest.reusable ? tickets : tickets.slice(0, -1))
    return newest.session
  }

  /** Keeps a session that a verified server sent. */
  put(server: string, ticket: Ticket): void {
    if (this.#refused.has(server)) return
    const tickets = this.#tickets.get(server) ?? []
    this.#tickets.set(server, [...tickets, ticket].slice(-MAX_TICKETS))
  }

  /** Offers this server none any more: it breaks the handshake off instead of doing it in full. */
  refuse(server: string): void {
    this.#refused.set(server, true)
    this.#tickets.delete(server)
  }
}
