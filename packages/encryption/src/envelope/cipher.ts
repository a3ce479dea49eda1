import { readOwnOptions } from '@memkeep/core/internal'
import type { Codec } from '../content/codecs.ts'
import { readCompression, type CompressionOptions } from '../content/compression.ts'
import { readPadding, type Padding } from '../content/padding.ts'
import { masterKeysOf, type KeyDescription, type Keyring } from '../keyring/keyring.ts'
import type { MasterKey } from '../keyring/master-key.ts'
import { assertAlgorithm, type EnvelopeAlgorithm } from './algorithms.ts'
import { aeadOf } from './ciphers/index.ts'
import { contextBytes } from './context.ts'
import { readEntry, type EnvelopeEntry } from './entry.ts'
import { Opener, type OpenerOptions } from './opener.ts'
import { Sealer, type SealerOptions } from './sealer.ts'

/** Whether values are bound to their expiry: not at all, those that are sealed, or those that are opened as well. */
export type BindExpiry = boolean | 'required'

/** Options of {@link EnvelopeCipher}. */
export interface EnvelopeCipherOptions {
  /** The keys: the primary one seals, all of them open. One that is reloaded is followed at once. */
  readonly keyring: Keyring
  /**
   * A service's or tenant's name, at most 256 bytes of UTF-8: values that were sealed in one context do not open
   * in another. Not secret. Default: the empty string.
   */
  readonly context?: string | undefined
  /** What values are sealed with; those of the other algorithms open as well. Default: `'aes-256-gcm'`. */
  readonly algorithm?: EnvelopeAlgorithm | undefined
  /**
   * Compresses values before they are sealed, which tells their content through their length: never for secrets
   * beside text that others choose (CRIME, BREACH). Default: false.
   */
  readonly compress?: boolean | CompressionOptions | undefined
  /** Hides lengths among classes of lengths: `'padme'`, or the sizes of buckets in bytes. Default: none. */
  readonly pad?: Padding | undefined
  /**
   * Binds each value to the time when it ends, after which it does not open. Every value that is sealed needs one.
   * `'required'` also refuses sealed values without one: those of writers that do not bind it. Default: false.
   */
  readonly bindExpiry?: BindExpiry | undefined
}

/** What {@link EnvelopeCipher.describe} says. Nothing in it is secret. */
export interface EnvelopeCipherDescription {
  readonly algorithm: EnvelopeAlgorithm
  readonly context: string
  readonly keys: readonly KeyDescription[]
  /** What values are compressed with; undefined when they are not. */
  readonly compress: Codec | undefined
  readonly pad: Padding | undefined
  readonly bindExpiry: BindExpiry
}

const BIND_EXPIRY: readonly unknown[] = [true, false, 'required']

/** The names of {@link EnvelopeCipherOptions}. */
export const CIPHER_OPTIONS: readonly string[] = [
  ...['keyring', 'context', 'algorithm', 'compress', 'pad', 'bindExpiry'],
]

/**
 * Seals values into envelopes and opens them again, without sockets, for use with any store.
 *
 * An envelope opens only with the same key, context and flags. Session keys come from HKDF-SHA-256 (RFC 5869).
 *
 * @example
 * const cipher = new EnvelopeCipher({ keyring: Keyring.fromEnv(), context: 'billing' })
 * const sealed = cipher.seal({ key: 'user:1', value: Buffer.from('secret'), flags: 0 })
 * const value = cipher.open({ key: 'user:1', value: sealed, flags: 0 })
 *
 * @throws TypeError, RangeError for wrong options
 * @throws MemkeepError `ERR_MEMKEEP_ALGORITHM_UNAVAILABLE` for one that needs a package that is not installed
 */
export class EnvelopeCipher {
  readonly #keyring: Keyring
  readonly #sealing: SealerOptions
  readonly #bindExpiry: BindExpiry
  readonly #opening: OpenerOptions
  #masters: readonly [MasterKey, ...MasterKey[]]
  #sealer: Sealer
  #opener: Opener

  constructor(options: EnvelopeCipherOptions) {
    const own = readOwnOptions('EnvelopeCipher', options, CIPHER_OPTIONS)
    const { keyring, context = '', algorithm = 'aes-256-gcm', bindExpiry = false } = own
    assertAlgorithm(algorithm)
    if (!BIND_EXPIRY.includes(bindExpiry)) {
      throw new TypeError("bindExpiry must be true, false or 'required'")
    }
    const compression = readCompression(own.compress)
    this.#keyring = keyring
    this.#bindExpiry = bindExpiry
    this.#masters = masterKeysOf(keyring)
    this.#sealing = {
      aead: aeadOf(algorithm),
      context: contextBytes(context),
      compression,
      padding: readPadding(own.pad),
      bindExpiry: bindExpiry !== false,
    }
    this.#opening = {
      context: this.#sealing.context,
      maxInflatedBytes: compression?.maxInflatedBytes,
      requireExpiry: bindExpiry === 'required',
    }
    this.#sealer = new Sealer(this.#masters[0], this.#sealing)
    this.#opener = new Opener(this.#masters, this.#opening)
  }

  /**
   * The entry's value, encrypted under the primary key and bound to the entry's key and flags, with `bindExpiry`
   * also to its `expiresAt`, as new memory.
   *
   * @throws TypeError, RangeError for an entry that is none, or has no expiry to bind
   */
  seal(entry: EnvelopeEntry): Buffer {
    const own = readEntry(entry)
    this.#followKeyring()
    return this.#sealer.seal(own)
  }

  /**
   * The value that was sealed into `entry.value`, as new memory.
   *
   * @throws MemkeepError `ERR_MEMKEEP_ENVELOPE_FOREIGN` (no envelope), `ERR_MEMKEEP_ENVELOPE_UNSUPPORTED` (of a
   * kind that is not known here), `ERR_MEMKEEP_ENVELOPE_TRUNCATED` (cut off), `ERR_MEMKEEP_ALGORITHM_UNAVAILABLE`
   * (of an algorithm whose package is not installed), `ERR_MEMKEEP_UNKNOWN_KEY_ID` (sealed with a key that the ring
   * has not), `ERR_MEMKEEP_ENVELOPE_EXPIRED` (its bound expiry has passed),
   * `ERR_MEMKEEP_ENVELOPE_NO_EXPIRY` (it has none, and `bindExpiry` is `'required'`), `ERR_MEMKEEP_ENVELOPE_CONTENT` (sealed
   * by someone who has the key, but malformed inside) or `ERR_MEMKEEP_DECRYPT_FAILED` (everything else, on purpose
   * undivided)
   * @throws TypeError, RangeError for an entry that is none
   */
  open(entry: EnvelopeEntry): Buffer {
    const own = readEntry(entry)
    this.#followKeyring()
    return this.#opener.open(own, this.#sealer.session)
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

  /** How values are sealed, and with which keys: what may be logged at a start. */
  describe(): EnvelopeCipherDescription {
    const { aead, context, compression, padding } = this.#sealing
    return {
      algorithm: aead.algorithm,
      context: context.toString(),
      keys: this.#keyring.describe(),
      compress: compression?.codec,
      pad: padding,
      bindExpiry: this.#bindExpiry,
    }
  }

  /** A ring that was reloaded has another list of keys: a new primary seals, and what was retired opens no more. */
  #followKeyring(): void {
    const masters = masterKeysOf(this.#keyring)
    if (masters === this.#masters) return
    if (!masters[0].key.equals(this.#masters[0].key)) this.#sealer = new Sealer(masters[0], this.#sealing)
    this.#opener = new Opener(masters, this.#opening)
    this.#masters = masters
  }
}
