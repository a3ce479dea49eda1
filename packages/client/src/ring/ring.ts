/** A server as a ring sees it. */
export interface RingServer {
  /** The host as libmemcached is given it: a name, an address (IPv6 without brackets), or a Unix socket's path. */
  readonly host: string
  /** The TCP port; 0 for a Unix socket. */
  readonly port: number
  /** Its share of the keys beside the other servers' weights: a whole number from 1 to 4294967295. */
  readonly weight: number
}

/** Which server a key belongs to. Rings are pure: no sockets, no state that changes. */
export interface Ring {
  /**
   * The index of a key's server in the list that the ring was made of, -1 when there is none.
   *
   * @param key the key as it goes over the wire, hashed as UTF-8
   * @param isUp says of an index whether that server may be taken; the next one that may is taken instead, -1 when
   *   none may. Asked more than once about a server that is down.
   */
  pick(key: string, isUp?: (index: number) => boolean): number
  /** A ring of other servers, made of this one where they are the same: one server more or less costs little. */
  change(servers: readonly RingServer[]): Ring
}
