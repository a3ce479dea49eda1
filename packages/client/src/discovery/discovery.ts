import type { Channel, Endpoint, TcpEndpoint } from '@memkeep/core'

/** Finds out which servers there are. */
export interface Discovery {
  /** A word for messages: `elasticache`. */
  readonly name: string
  /** Milliseconds between two questions. */
  readonly interval: number
  /** Asks one of the configured endpoints; rejects when none could tell. */
  discover(context: DiscoveryContext): Promise<readonly TcpEndpoint[]>
}

/** What a {@link Discovery} asks with. */
export interface DiscoveryContext {
  /** The servers that the user configured. */
  readonly endpoints: readonly Endpoint[]
  /** Opens a channel that the server has accepted; whoever opens it destroys it. */
  readonly open: (endpoint: Endpoint, options: { readonly signal: AbortSignal }) => Promise<Channel>
  /** Ends the question; `discover` then rejects with its reason. */
  readonly signal: AbortSignal
}
