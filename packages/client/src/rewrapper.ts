import type { Pipeline } from '@memkeep/core'
import type { Asker } from './asker.ts'
import { toExptime } from './expiry.ts'
import type { Reply } from './protocol/reply.ts'
import { refuseFault, takeCas } from './results.ts'
import type { Server } from './server/server.ts'
import { channels, type RewrapMessage, type RewrapOutcome } from './telemetry/channels.ts'

/** How many values are stored anew at the same time. */
const MOST_AT_WORK = 16
/** How many values wait for that; what comes on top is dropped, and read again some time. */
const MOST_WAITING = 1_000

/** A value that is still stale, as the server has it now. */
interface StaleItem {
  readonly value: Buffer
  readonly flags: number
  readonly cas: bigint
  /** Seconds that it has to live; undefined where the server does not tell. */
  readonly ttl: number | undefined
  /** When it ends in Unix milliseconds, where a middleware knows. */
  readonly expiresAt: number | undefined
}

/**
 * Stores values anew, in the background, that a middleware found in a form that is on its way out: reads each once
 * more with its CAS unique and the seconds that it has to live, and stores it under the same key for as long, unless
 * somebody else stored meanwhile.
 */
export class Rewrapper {
  readonly #asker: Asker
  readonly #pipeline: Pipeline
  readonly #tellKeys: boolean
  /** The logical keys that wait or are worked on. */
  readonly #keys = new Set<string>()
  readonly #waiting: string[] = []
  /** Servers that do not tell how long an item has to live. */
  readonly #mute = new WeakSet<Server>()
  #atWork = 0
  #stopped = false

  constructor(asker: Asker, pipeline: Pipeline, tellKeys: boolean) {
    this.#asker = asker
    this.#pipeline = pipeline
    this.#tellKeys = tellKeys
  }

  /** Takes a logical key on; `expiresAt` as a middleware knows it, in Unix milliseconds. */
  add(key: string, expiresAt: number | undefined): void {
    if (this.#stopped || this.#keys.has(key)) return
    if (expiresAt === undefined && this.#mute.has(this.#serverOf(key))) return
    if (this.#waiting.length >= MOST_WAITING) {
      this.#tell(key, 'dropped')
      return
    }
    this.#keys.add(key)
    this.#waiting.push(key)
    void this.#work()
  }

  /** Takes no more, and forgets what waits. */
  stop(): void {
    this.#stopped = true
    this.#waiting.length = 0
  }

  async #work(): Promise<void> {
    if (this.#atWork >= MOST_AT_WORK) return
    this.#atWork++
    for (let key = this.#waiting.shift(); key !== undefined; key = this.#waiting.shift()) {
      try {
        this.#tell(key, await this.#rewrap(key))
      } catch (error) {
        this.#tell(key, 'failed', error)
      }
      this.#keys.delete(key)
    }
    this.#atWork--
  }

  async #rewrap(key: string): Promise<RewrapOutcome> {
    const wireKey = this.#pipeline.wireKey(key)
    const item = await this.#asker.ask(wireKey, {
      operation: 'gets',
      commands: { verb: 'get', key: wireKey, withCas: true, withTtl: true, exptime: undefined },
      take: (reply) => this.#takeStale(key, reply),
      options: undefined,
    })
    if (item === undefined) return 'superseded'
    const { flags, cas } = item
    const ttl = item.ttl ?? secondsUntil(item.expiresAt)
    if (ttl === undefined) {
      this.#mute.add(this.#serverOf(key))
      return 'unknown-ttl'
    }
    // it ends within the second: who reads it then misses it anyway
    if (ttl < 1) return 'superseded'
    const expiresAt = item.expiresAt ?? (ttl === Infinity ? undefined : Date.now() + ttl * 1000)
    const entry = this.#pipeline.encode({ key, value: item.value, flags, expiresAt })
    const exptime = ttl === Infinity ? 0 : toExptime({ ttl }, 0)
    const result = await this.#asker.ask(wireKey, {
      operation: 'cas',
      commands: { verb: 'set', key: wireKey, value: entry.value, flags: entry.flags, exptime, cas },
      take: takeCas,
      options: undefined,
    })
    return result === 'stored' ? 'stored' : 'superseded'
  }

  /** What is stale still; undefined for what others stored anew or deleted. */
  #takeStale(key: string, reply: Reply): StaleItem | undefined {
    refuseFault(reply)
    const { value: stored, flags, cas, ttl } = reply
    if (reply.status !== 'value' || stored === undefined || cas === undefined) return undefined
    const ends: (number | undefined)[] = []
    const value = this.#pipeline.decode({ key, value: stored, flags }, (_, end) => ends.push(end))
    if (value === undefined || ends.length === 0) return undefined
    return { value, flags, cas, ttl, expiresAt: ends[0] }
  }

  #serverOf(key: string): Server {
    return this.#asker.cluster.serverOf(this.#pipeline.wireKey(key))
  }

  #tell(key: string, outcome: RewrapOutcome, error?: unknown): void {
    if (!channels.rewrap.hasSubscribers) return
    const message: RewrapMessage = {
      outcome,
      ...(this.#tellKeys ? { key } : {}),
      ...(error === undefined ? {} : { error }),
    }
    channels.rewrap.publish(message)
  }
}

function secondsUntil(expiresAt: number | undefined): number | undefined {
  return expiresAt === undefined ? undefined : Math.floor((expiresAt - Date.now()) / 1000)
}
