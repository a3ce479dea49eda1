import { BoundedMap } from '@memkeep/core/internal'
import { copyBytes } from './bytes.ts'
import type { AeadKey } from './ciphers/aead.ts'
import { COUNTER_AT, KEY_ID_AT, SALT_AT } from './layout.ts'

/** A fleet of a thousand sealing processes keeps its keys at hand. */
export const READER_KEYS_LIMIT = 1024

/**
 * The keys that opened envelopes last, by key id and salt of these, bounded: the one that was not used for longest
 * makes room. Where the salt is part of the nonce, one key opens every session.
 */
export class ReaderKeys {
  readonly #keys: BoundedMap<string, AeadKey>
  /** Where key id and salt, or the key id alone, end in an envelope. */
  readonly #end: number
  /** The beginning of the envelope that was opened last. */
  readonly #last = Buffer.alloc(COUNTER_AT)
  #lastKey: AeadKey | undefined

  /** @param saltsNonce whether the salt is part of the nonce, and not of the key */
  constructor(saltsNonce: boolean, limit: number = READER_KEYS_LIMIT) {
    this.#keys = new BoundedMap(limit)
    this.#end = saltsNonce ? SALT_AT : COUNTER_AT
  }

  get size(): number {
    return this.#keys.size
  }

  find(sealed: Buffer): AeadKey | undefined {
    // values of one session come in rows: they cost no look into the map, and no string to look with
    if (this.#isLast(sealed)) return this.#lastKey
    const key = this.#keys.get(this.#nameOf(sealed))
    if (key !== undefined) this.remember(sealed, key)
    return key
  }

  /** Only for a key that has opened a value: made-up salts must not push good keys out. */
  remember(sealed: Buffer, key: AeadKey): void {
    this.#keys.set(this.#nameOf(sealed), key)
    copyBytes(sealed, KEY_ID_AT, this.#end - KEY_ID_AT, this.#last, KEY_ID_AT)
    this.#lastKey = key
  }

  #isLast(sealed: Buffer): boolean {
    const last = this.#last
    for (let at = KEY_ID_AT; at < this.#end; at++) if (last[at] !== sealed[at]) return false
    return true
  }

  #nameOf(sealed: Buffer): string {
    return sealed.toString('latin1', KEY_ID_AT, this.#end)
  }
}
