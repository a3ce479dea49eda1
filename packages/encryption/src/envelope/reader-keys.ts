import { BoundedMap } from '@memkeep/core/internal'
import type { AeadKey } from './ciphers/aead.ts'

/** A fleet of a thousand sealing processes keeps its keys at hand. */
export const READER_KEYS_LIMIT = 1024

/** The session keys that were of use last, bounded: the one that was not used for longest makes room. */
export class ReaderKeys {
  readonly #keys: BoundedMap<string, AeadKey>
  #lastName: string | undefined
  #lastKey: AeadKey | undefined

  constructor(limit: number = READER_KEYS_LIMIT) {
    this.#keys = new BoundedMap(limit)
  }

  get size(): number {
    return this.#keys.size
  }

  find(name: string): AeadKey | undefined {
    // values of one session come in rows, and the last one used need not be moved to the end again
    if (name === this.#lastName) return this.#lastKey
    const key = this.#keys.get(name)
    if (key !== undefined) this.remember(name, key)
    return key
  }

  /** Only for a key that has opened a value: made-up salts must not push good keys out. */
  remember(name: string, key: AeadKey): void {
    this.#keys.set(name, key)
    this.#lastName = name
    this.#lastKey = key
  }
}
