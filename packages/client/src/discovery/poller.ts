import { formatEndpoint, MemkeepError, openChannel, type Endpoint } from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import { clientClosed } from '../server/faults.ts'
import type { OpenOptions } from '../server/open-connection.ts'
import { channels, type DiscoveryMessage } from '../telemetry/channels.ts'
import type { Discovery } from './discovery.ts'

/** What a {@link DiscoveryPoller} asks, how, and for whom. */
export interface PollerOptions {
  readonly discovery: Discovery
  /** Whom to ask. */
  readonly endpoints: readonly Endpoint[]
  /** How they are reached. */
  readonly connection: Pick<OpenOptions, 'transport' | 'auth' | 'connectTimeout'>
  /** Called with every answer. */
  readonly onServers: (endpoints: readonly Endpoint[]) => void
}

/**
 * Asks a discovery which servers there are: when they are needed first, and then at its interval. A question that
 * fails changes nothing; its error is published, and rejected to those who wait for the first answer.
 */
export class DiscoveryPoller {
  readonly #options: PollerOptions
  readonly #stopping = new AbortController()
  #first: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #known: readonly string[] = []
  #version = 0

  constructor(options: PollerOptions) {
    this.#options = options
  }

  /** Resolves when the first answer is there; asks anew when the last question failed. */
  start(): Promise<void> {
    this.#first ??= this.#ask()
      .catch((error: unknown) => {
        this.#first = undefined
        throw error
      })
      .then(() => {
        this.#schedule()
      })
    return this.#first
  }

  /** Ends what is under way, and asks no more. */
  stop(): void {
    time.clearTimeout(this.#timer)
    this.#stopping.abort(clientClosed())
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = time
      .setTimeout(() => {
        // what failed is published, and the servers stay as they are
        void this.#ask()
          .catch(() => undefined)
          .then(() => {
            this.#schedule()
          })
      }, this.#options.discovery.interval)
      .unref()
  }

  async #ask(): Promise<void> {
    const { discovery, endpoints, connection, onServers } = this.#options
    const { transport, auth, connectTimeout } = connection
    const deadline = new AbortController()
    // each endpoint has its time; this one is for a discovery that does not look at it
    const limit = connectTimeout * (endpoints.length + 1)
    const timer = time.setTimeout(() => {
      deadline.abort(
        new MemkeepError(
          'ERR_MEMKEEP_DISCOVERY_FAILED',
          `The discovery ${discovery.name} did not name the servers within ${String(limit)} ms: check that its endpoints can be reached.`,
        ),
      )
    }, limit)
    try {
      this.#stopping.signal.throwIfAborted()
      const { version, servers } = await discovery.discover({
        endpoints,
        open: (endpoint, { signal }) => openChannel(endpoint, { transport, auth, signal }),
        timeout: connectTimeout,
        signal: AbortSignal.any([deadline.signal, this.#stopping.signal]),
      })
      this.#stopping.signal.throwIfAborted()
      if (version >= this.#version) {
        this.#version = version
        const known = servers.map(formatEndpoint)
        // an answer that changes nothing must not cost the connections' ring
        if (known.join() !== this.#known.join()) onServers(servers)
        this.#known = known
      }
      this.#publish(undefined)
    } catch (error) {
      this.#publish(error)
      throw error
    } finally {
      time.clearTimeout(timer)
    }
  }

  #publish(error: unknown): void {
    if (!channels.discovery.hasSubscribers) return
    const message: DiscoveryMessage = {
      discovery: this.#options.discovery.name,
      servers: this.#known,
      error,
    }
    channels.discovery.publish(message)
  }
}
