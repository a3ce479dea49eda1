import type { Entry } from '@memkeep/core'
import { assertOptions } from '@memkeep/core/internal'
import { masterKeysOf, type Keyring } from '../keyring/keyring.ts'
import { contextBytes } from './context.ts'
import { Opener } from './opener.ts'
import { Sealer } from './sealer.ts'

/** Options of {@link EnvelopeCipher}. */
export interface EnvelopeCipherOptions {
  /** The keys: the primary one seals, all of them open. */
  readonly keyring: Keyring
  /**
   * A service's or tenant's name, at most 256 bytes of UTF-8: values that were sealed in one context do not open
   * in another. Not secret. Default: the empty string.
   */
  readonly context?: string
}

/**
 * Seals values into envelopes and opens them again, without sockets, for use with any store.
 *
 * AES-256-GCM (NIST SP 800-38D) under session keys from HKDF-SHA-256 (RFC 5869). An envelope is
 * {@link ENVELOPE_OVERHEAD_BYTES} longer than its value and opens only with the same key, context and flags.
 *
 * @example
 * const cipher = new EnvelopeCipher({ keyring: Keyring.fromEnv(), context: 'billing' })
 * const sealed = cipher.seal({ key: 'user:1', value: Buffer.from('secret'), flags: 0 })
 * const value = cipher.open({ key: 'user:1', value: sealed, flags: 0 })
 *
 * @throws TypeError, RangeError for wrong options
 */
export class EnvelopeCipher {
  readonly #sealer: Sealer
  readonly #opener: Opener

  constructor(options: EnvelopeCipherOptions) {
    assertOptions('EnvelopeCipher', options, ['keyring', 'context'])
    const { keyring, context = '' } = options
    const masters = masterKeysOf(keyring)
    const bytes = contextBytes(context)
    this.#sealer = new Sealer(masters[0], bytes)
    this.#opener = new Opener(masters, bytes)
  }

  /**
   * The entry's value, encrypted under the primary key and bound to the entry's key and flags, as new memory.
   *
   * @throws TypeError, RangeError for an entry that is none
   */
  seal(entry: Entry): Buffer {
    assertEntry(entry)
    return this.#sealer.seal(entry)
  }

  /**
   * The value that was sealed into `entry.value`, as new memory.
   *
   * @throws MemkeepError `ERR_MEMKEEP_ENVELOPE_FOREIGN` (no envelope), `ERR_MEMKEEP_ENVELOPE_UNSUPPORTED` (of a
   * kind that is not known here), `ERR_MEMKEEP_ENVELOPE_TRUNCATED` (cut off), `ERR_MEMKEEP_UNKNOWN_KEY_ID` (sealed
   * with a key that the ring has not) or `ERR_MEMKEEP_DECRYPT_FAILED` (everything else, on purpose undivided)
   * @throws TypeError, RangeError for an entry that is none
   */
  open(entry: Entry): Buffer {
    assertEntry(entry)
    return this.#opener.open(entry, this.#sealer.session)
  }

  /**
   * Makes the next value that is sealed start a new session, under a new random salt.
   *
   * Call it first of all when this process was cloned or resumed from a snapshot that was taken after its first
   * value: copies would otherwise count on with one salt. The random generator of `node:crypto` may have been
   * copied as well and is not reseeded by this call: starting the process anew is the sure way.
   */
  newSession(): void {
    this.#sealer.newSession()
  }
}

function assertEntry({ key, value, flags }: Entry): void {
  if (typeof key !== 'string') throw new TypeError(`entry.key must be a string, not ${typeof key}`)
  if (!Buffer.isBuffer(value)) throw new TypeError(`entry.value must be a Buffer, not ${typeof value}`)
  if (flags >>> 0 !== flags) throw new RangeError('entry.flags must be an integer of 32 bits, not negative')
}
