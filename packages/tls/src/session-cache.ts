import type { X509Certificate } from 'node:crypto'
import { BoundedMap } from '@memkeep/core/internal'

/** As many servers are remembered at most; the one that was used longest ago is forgotten. */
const MAX_SERVERS = 256
/** As many tickets are kept of one server: as many as it sends on one connection, twice. */
const MAX_TICKETS = 4

/** A session that can be resumed. */
export interface Ticket {
  readonly session: Buffer
  /** What the server was verified by: a resumed session does not show it again. */
  readonly certificate: X509Certificate
  /**
   * Until when it may be resumed, in milliseconds since 1970: by then what the server was verified with has ended, or
   * that was too long ago. It is handed on to the sessions that a resumed one brings.
   */
  readonly until: number
  /** The version of TLS: a ticket of `TLSv1.3` is for one connection (RFC 8446, appendix C.4). */
  readonly protocol: string
}

/**
 * TLS sessions to resume (RFC 8446, section 2.2; RFC 5077), by server. It lives as long as one set of certificates
 * and options does: a session says that the server was verified by those, and is not verified again.
 */
export class SessionCache {
  readonly #tickets = new BoundedMap<string, readonly Ticket[]>(MAX_SERVERS)
  readonly #refused = new BoundedMap<string, true>(MAX_SERVERS)

  /** The newest session to offer. */
  take(server: string): Ticket | undefined {
    const now = Date.now()
    const tickets = (this.#tickets.get(server) ?? []).filter(({ until }) => until > now)
    const newest = tickets.at(-1)
    this.#tickets.set(server, newest?.protocol === 'TLSv1.3' ? tickets.slice(0, -1) : tickets)
    return newest
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
