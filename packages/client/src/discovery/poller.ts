import { formatEndpoint, MemkeepError, openChannel, type Channel, type Endpoint } from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import { clientClosed } from '../server/faults.ts'
import { Health, type HealthOptions } from '../server/health.ts'
import type { OpenOptions } from '../server/open-connection.ts'
import { channels, type DiscoveryMessage } from '../telemetry/channels.ts'
import { Attempt } from './attempt.ts'
import { checkAnswer, type CheckedAnswer, type DiscoveredMember } from './check-answer.ts'
import type { Discovery } from './discovery.ts'
import { VersionGate } from './version-gate.ts'

/** What a {@link DiscoveryPoller} asks, how, and for whom. */
export interface PollerOptions {
  readonly discovery: Discovery
  /** Whom to ask. */
  readonly endpoints: readonly Endpoint[]
  /** How they are reached, and how often when they fail. */
  readonly connection: Pick<OpenOptions, 'transport' | 'auth' | 'connectTimeout'> & HealthOptions
  /** Called with every answer that changes the servers. */
  readonly onMembers: (members: readonly DiscoveredMember[]) => void
}

/**
 * Asks a discovery which servers there are: when they are needed first, and then at its interval. A question that
 * fails changes nothing; its error is published, and rejected to those who wait for the first answer. However many
 * calls wait, the endpoints are asked once at a time, with pauses that grow while they fail.
 */
export class DiscoveryPoller {
  readonly #options: PollerOptions
  readonly #stopping = new AbortController()
  readonly #gate = new VersionGate()
  readonly #health: Health
  #first: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #known: readonly string[] = []

  constructor(options: PollerOptions) {
    this.#options = options
    // nothing is ejected here: there is nobody else to ask
    this.#health = new Health({ ...options.connection, ejectAfter: Infinity })
  }

  /** Resolves when the first answer is there; asks again, after a pause, when the last question failed. */
  start(): Promise<void> {
    this.#first ??= this.#begin().catch((error: unknown) => {
      this.#first = undefined
      throw error
    })
    return this.#first
  }

  /** Ends what is under way, and asks no more. */
  stop(): void {
    time.clearTimeout(this.#timer)
    this.#stopping.abort(clientClosed())
  }

  async #begin(): Promise<void> {
    const pause = this.#health.pause(time.now())
    if (pause > 0) await this.#sleep(pause)
    await this.#ask()
    this.#schedule()
  }

  async #sleep(milliseconds: number): Promise<void> {
    const sleep = new Attempt(this.#stopping.signal, milliseconds, () => new Error('The pause is over'))
    await new Promise((resolve) => {
      if (sleep.signal.aborted) resolve(undefined)
      else sleep.signal.addEventListener('abort', resolve, { once: true })
    })
    sleep.end()
    this.#stopping.signal.throwIfAborted()
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return
    const pause = Math.max(this.#options.discovery.interval, this.#health.pause(time.now()))
    this.#timer = time
      .setTimeout(() => {
        // what failed is published, and the servers stay as they are
        void this.#ask()
          .catch(() => undefined)
          .then(() => {
            this.#schedule()
          })
      }, pause)
      .unref()
  }

  async #ask(): Promise<void> {
    try {
      this.#stopping.signal.throwIfAborted()
      this.#use(checkAnswer(await this.#discover(), this.#options.discovery))
      this.#health.connected()
      this.#publish(undefined)
    } catch (thrown) {
      const error = this.#stopping.signal.aborted ? clientClosed() : this.#failure(thrown)
      this.#health.connectFailed(error, time.now())
      this.#publish(error)
      throw error
    }
  }

  /** Whatever the discovery answers, within the time that its endpoints have. */
  async #discover(): Promise<unknown> {
    const { discovery, endpoints, connection } = this.#options
    const { connectTimeout } = connection
    // each endpoint has its time; this one is for a discovery that does not look at it
    const limit = connectTimeout * (endpoints.length + 1)
    const attempt = new Attempt(
      this.#stopping.signal,
      limit,
      () =>
        new MemkeepError(
          'ERR_MEMKEEP_DISCOVERY_FAILED',
          `The discovery ${discovery.name} did not name the servers within ${String(limit)} ms: check that its endpoints can be reached.`,
        ),
    )
    try {
      const discovering = discovery.discover({
        endpoints,
        version: this.#gate.version,
        open: (endpoint, { signal }) => this.#open(endpoint, signal),
        timeout: connectTimeout,
        signal: attempt.signal,
      })
      return await attempt.settle(Promise.resolve(discovering))
    } finally {
      attempt.end()
    }
  }

  #open(endpoint: Endpoint, signal: AbortSignal): Promise<Channel> {
    const { discovery, endpoints, connection } = this.#options
    const { transport, auth } = connection
    const discovered = !endpoints.some((each) => formatEndpoint(each) === formatEndpoint(endpoint))
    return openChannel(endpoint, { transport, auth, protocol: discovery.speaks, discovered, signal })
  }

  #use({ version, members }: CheckedAnswer): void {
    const { discovery, onMembers } = this.#options
    const used = this.#gate.version
    const servers = JSON.stringify(members)
    const verdict = this.#gate.judge(version, servers, time.now())
    if (verdict === 'unconfirmed') {
      throw new MemkeepError(
        'ERR_MEMKEEP_DISCOVERY_FAILED',
        `The discovery ${discovery.name} answered with version ${String(version)} after ${String(used)}, which does not follow it: it is not used unless it is repeated. Check who answers.`,
      )
    }
    if (verdict === 'unchanged') return
    this.#known = members.map(({ endpoint }) => formatEndpoint(endpoint))
    onMembers(members)
  }

  /** The error of a question, whatever a discovery throws. */
  #failure(thrown: unknown): MemkeepError {
    if (thrown instanceof MemkeepError) return thrown
    return new MemkeepError(
      'ERR_MEMKEEP_DISCOVERY_FAILED',
      `The discovery ${this.#options.discovery.name} failed: its cause says why.`,
      { cause: thrown },
    )
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
