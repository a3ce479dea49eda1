import { randomBytes } from 'node:crypto'
import type { MemcachedClient } from '@memkeep/client'

/** What a generation is kept under, before the name of its namespace. */
const PREFIX = 'memkeep-generation:'
/** Random bytes of a generation: two never meet. */
const GENERATION_BYTES = 9

/** A generation, and until when it is taken for the current one. */
interface Known {
  readonly generation: string
  /** By `performance.now()`. */
  readonly until: number
}

/**
 * The generation of each namespace: a small value in memcached that stands in the name of every key, so that another
 * one makes every key of the namespace a miss, at once and without touching any other.
 *
 * It is random and not a count: one that memcached evicted is followed by one that never was, and what was cleared
 * does not come back.
 */
export class Generations {
  readonly #client: MemcachedClient
  readonly #delay: number
  readonly #known = new Map<string, Known>()
  readonly #asked = new Map<string, Promise<string | undefined>>()
  #renewals = 0

  /** @param delay milliseconds that a generation is taken for the current one without asking */
  constructor(client: MemcachedClient, delay: number) {
    this.#client = client
    this.#delay = delay
  }

  /** The generation if it is known well enough; else undefined, and {@link Generations.ask} finds out. */
  peek(name: string): string | undefined {
    const known = this.#known.get(name)
    return known !== undefined && performance.now() < known.until ? known.generation : undefined
  }

  /** The generation, made when there is none; undefined when the server is down and that is to be a miss. */
  ask(name: string): Promise<string | undefined> {
    let asked = this.#asked.get(name)
    if (asked === undefined) {
      const asking = this.#read(name).finally(() => {
        if (this.#asked.get(name) === asking) this.#asked.delete(name)
      })
      asked = asking
      this.#asked.set(name, asked)
    }
    return asked
  }

  /** Gives a namespace another generation. @returns false when the server is down and that is to be a miss */
  async renew(name: string): Promise<boolean> {
    const generation = newGeneration()
    // what asks for the old one must not be believed after this
    await this.#asked.get(name)?.catch(() => undefined)
    const stored = await this.#client.set(PREFIX + name, generation)
    // nor what asked on another connection meanwhile, and is answered late
    this.#renewals++
    this.#asked.delete(name)
    if (stored) this.#learn(name, generation)
    else this.#known.delete(name)
    return stored
  }

  async #read(name: string): Promise<string | undefined> {
    const key = PREFIX + name
    const renewals = this.#renewals
    let generation = (await this.#client.get(key))?.toString()
    if (generation === undefined) {
      const made = newGeneration()
      // another process may have been faster
      generation = (await this.#client.add(key, made)) ? made : (await this.#client.get(key))?.toString()
    }
    if (generation !== undefined && renewals === this.#renewals) this.#learn(name, generation)
    return generation
  }

  #learn(name: string, generation: string): void {
    this.#known.set(name, { generation, until: performance.now() + this.#delay })
  }
}

function newGeneration(): string {
  return randomBytes(GENERATION_BYTES).toString('base64url')
}
