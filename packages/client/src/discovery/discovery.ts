import type { Channel, Endpoint, TcpEndpoint } from '@memkeep/core'

/** A server that a {@link Discovery} named. */
export interface DiscoveredServer extends TcpEndpoint {
  /** Its share of the keys next to the other servers' weights: a whole number, at least 1. Default 1. */
  readonly weight?: number
}

/** What a {@link Discovery} found. */
export interface Discovered {
  /**
   * A whole number that grows with every change of the cluster, by 1,000 at most between two answers. An answer that
   * does not follow the last one is used only once it has been repeated; see the README. Return 0 every time where
   * answers cannot be out of order.
   */
  readonly version: number
  /** The servers of the cluster: at least one, each once. */
  readonly servers: readonly DiscoveredServer[]
}

/** Finds out which servers there are. Several clients may share it. */
export interface Discovery {
  /** A word for messages: `elasticache`. */
  readonly name: string
  /** Milliseconds between two questions. */
  readonly interval: number
  /** The most servers that an answer may name; an answer with more is refused whole. Default 1,000. */
  readonly maxServers?: number
  /**
   * The memcached protocol that it speaks on the channels of `open`, where it speaks one: a discovery that speaks
   * `text` cannot be used with SASL, after which a server speaks binary only.
   */
  readonly speaks?: 'text' | 'binary'
  /**
   * Asks the configured endpoints; rejects with `ERR_MEMKEEP_DISCOVERY_FAILED` when none answers. The client checks
   * every answer, and ends a question that outlasts `connectTimeout` for each endpoint.
   */
  discover(context: DiscoveryContext): Promise<Discovered>
}

/** What a {@link Discovery} asks with. */
export interface DiscoveryContext {
  /** The servers that the user configured: the same array with every question of a client. */
  readonly endpoints: readonly Endpoint[]
  /** The version of the servers in use; undefined before the first answer. */
  readonly version?: number | undefined
  /** Opens a channel that the server has accepted; whoever opens it destroys it. */
  readonly open: (endpoint: Endpoint, options: { readonly signal: AbortSignal }) => Promise<Channel>
  /** Milliseconds that one endpoint may take, to connect and to answer: then it is the next one's turn. */
  readonly timeout: number
  /** Ends the question; `discover` then rejects with its reason. */
  readonly signal: AbortSignal
}
