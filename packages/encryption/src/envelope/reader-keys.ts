import type { KeyObject } from 'node:crypto'

/** A fleet of a thousand sealing processes keeps its keys at hand. */
export const READER_KEYS_LIMIT = 1024

/** The session keys that were of use last, bounded: the one that was not used for longest makes room. */
export class ReaderKeys {
  readonly #limit: number
  // a Map lists in the order of insertion: the first is the one used longest ago
  readonly #keys = new Map<string, KeyObject>()
  #lastId: string | undefined
  #lastKey: KeyObject | undefined

  constructor(limit: number = READER_KEYS_LIMIT) {
    this.#limit = limit
  }

  get size(): number {
    return this.#keys.size
  }

  find(sessionId: string): KeyObject | undefined {
    // values of one session come in rows, and the last one used need not be moved to the end again
    if (sessionId === this.#lastId) return this.#lastKey
    const key = this.#keys.get(sessionId)
    if (key === undefined) return undefined
    this.#keys.delete(sessionId)
    this.#append(sessionId, key)
    return key
  }

  /** Only for a key that has opened a value: made-up salts must not push good keys out. */
  remember(sessionId: string, key: KeyObject): void {
    this.#keys.delete(sessionId)
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size < this.#limit) break
      this.#keys.delete(oldest)
    }
    this.#append(sessionId, key)
  }

  #append(sessionId: string, key: KeyObject): void {
    this.#keys.set(sessionId, key)
    this.#lastId = sessionId
    this.#lastKey = key
  }
}
