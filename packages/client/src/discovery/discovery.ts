import type { Channel, Endpoint, TcpEndpoint } from '@memkeep/core'

/** What a {@link Discovery} found. */
export interface Discovered {
  /** Grows with every change of the cluster: an answer that is older than the last one is not used. */
  readonly version: number
  /** The servers of the cluster, one at least. */
  readonly servers: readonly TcpEndpoint[]
}

/** Finds out which servers there are. Several clients may share it. */
export interface Discovery {
  /** A word for messages: `elasticache`. */
  readonly name: string
  /** Milliseconds between two questions. */
  readonly interval: number
  /** Asks one of the configured endpoints; rejects with `ERR_MEMKEEP_DISCOVERY_FAILED` when none could tell. */
  discover(context: DiscoveryContext): Promise<Discovered>
}

/** What a {@link Discovery} asks with. */
export interface DiscoveryContext {
  /** The servers that the user configured: the same array with every question of a client. */
  readonly endpoints: readonly Endpoint[]
  /** Opens a channel that the server has accepted; whoever opens it destroys it. */
  readonly open: (endpoint: Endpoint, options: { readonly signal: AbortSignal }) => Promise<Channel>
  /** Milliseconds that one endpoint may take, to connect and to answer: then it is the next one's turn. */
  readonly timeout: number
  /** Ends the question; `discover` then rejects with its reason. */
  readonly signal: AbortSignal
}
