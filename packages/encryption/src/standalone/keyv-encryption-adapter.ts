import { MemkeepError } from '@memkeep/core'
import { ownProperties } from '@memkeep/core/internal'
import { EnvelopeCipher, type EnvelopeCipherOptions } from '../envelope/cipher.ts'
import { Failures } from '../failures.ts'

/** Options of {@link KeyvEncryptionAdapter}: those of `EnvelopeCipher`, but for the expiry, which Keyv does not tell. */
export type KeyvEncryptionOptions = Omit<EnvelopeCipherOptions, 'bindExpiry'>

/** What stands for the key, which Keyv does not tell: no key of a memcached value, which has no control characters. */
const NO_KEY = '\0keyv'

/**
 * For the option `encryption` of Keyv 6, with any of its stores: seals the text that Keyv makes of a value.
 *
 * Keyv tells it neither key nor expiry, so values are bound to keyring and context alone: **whoever can write to the
 * store can put one key's value under another key**, or back after its end. On memcached use the middleware
 * `encryption()` instead, which binds both.
 *
 * A value that does not open is a miss for Keyv, and its `error` event: listen to that, since without a listener Keyv
 * throws. It is told on the channel `memkeep:encryption:failure` as well.
 *
 * @example
 * new Keyv({ store, encryption: new KeyvEncryptionAdapter({ keyring: Keyring.fromEnv() }) })
 *
 * @throws TypeError, RangeError, MemkeepError as `EnvelopeCipher` does
 */
export class KeyvEncryptionAdapter {
  readonly #cipher: EnvelopeCipher
  readonly #failures = new Failures()

  constructor(options: KeyvEncryptionOptions) {
    const own = ownProperties('KeyvEncryptionAdapter', options, 'new KeyvEncryptionAdapter({ keyring })')
    if (Object.hasOwn(own, 'bindExpiry')) {
      throw new TypeError('KeyvEncryptionAdapter: Keyv tells no expiry to bind: leave "bindExpiry" out')
    }
    this.#cipher = new EnvelopeCipher(own)
  }

  /** The text sealed, as base64url. */
  readonly encrypt = (text: string): string =>
    this.#cipher.seal({ key: NO_KEY, value: Buffer.from(text), flags: 0 }).toString('base64url')

  /** The text that was sealed. @throws MemkeepError with the codes of `EnvelopeCipher.open` */
  readonly decrypt = (sealed: string): string => {
    const value = Buffer.from(sealed, 'base64url')
    try {
      return this.#cipher.open({ key: NO_KEY, value, flags: 0 }).toString()
    } catch (error) {
      if (error instanceof MemkeepError) this.#failures.tell(error, value)
      throw error
    }
  }
}
