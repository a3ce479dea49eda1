/** How far a server may go before it is left alone. Times are milliseconds. */
export interface Bounds {
  /** For a connection and its handshake. */
  readonly connect: number
  /** Without a byte, after which an answer is taken to be all there is. */
  readonly quiet: number
  /** For one whole answer. */
  readonly answer: number
  /** The longest answer that is read, in bytes. */
  readonly bytes: number
}

/** What a server on a slow network needs, and no hostile one can make much of. */
export const BOUNDS: Bounds = { connect: 4_000, quiet: 1_500, answer: 6_000, bytes: 4 * 1024 * 1024 }
