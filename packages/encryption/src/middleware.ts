import { channel } from 'node:diagnostics_channel'
import { MemkeepError, type Entry, type Middleware, type MemkeepErrorCode } from '@memkeep/core'
import { assertOptions } from '@memkeep/core/internal'
import { EnvelopeCipher, type EnvelopeCipherOptions } from './envelope/cipher.ts'
import { keyIdOf } from './envelope/layout.ts'

/** The `node:diagnostics_channel` on which every value that does not open is told. */
export const ENCRYPTION_FAILURE_CHANNEL = 'memkeep:encryption:failure'

/** Options of {@link encryption}. */
export interface EncryptionOptions extends EnvelopeCipherOptions {
  /** What a value that does not open is to the caller: a miss, or the error. Default: `'miss'`. */
  readonly onFailure?: 'miss' | 'throw'
}

/** What subscribers of {@link ENCRYPTION_FAILURE_CHANNEL} get: never a key name, never a value. */
export interface EncryptionFailure {
  readonly code: MemkeepErrorCode
  /** The id of the key that the value names, where it names one. */
  readonly keyId: string | undefined
  readonly message: string
}

/** The middleware that {@link encryption} makes. */
export interface EncryptionMiddleware extends Middleware {
  encode(entry: Entry): Entry
  decode(entry: Entry): Entry | undefined
  /** As {@link EnvelopeCipher.newSession}: for processes that were cloned or resumed from a snapshot. */
  newSession(): void
}

/**
 * Encrypts values before they leave the process and opens them when they come back, bound to their key and flags.
 *
 * A value that does not open is never served: it is a miss, told on `memkeep:encryption:failure`, or with
 * `onFailure: 'throw'` a MemkeepError with one of the codes of {@link EnvelopeCipher.open}. A value that cannot
 * be sealed throws and is not stored.
 *
 * @example
 * new MemcachedClient({ servers, middleware: [encryption({ keyring: Keyring.fromEnv() })] })
 *
 * @throws TypeError, RangeError for wrong options
 */
export function encryption(options: EncryptionOptions): EncryptionMiddleware {
  assertOptions('encryption', options, ['keyring', 'context', 'onFailure'])
  const { keyring, context = '', onFailure = 'miss' } = options
  const modes: readonly unknown[] = ['miss', 'throw']
  if (!modes.includes(onFailure)) throw new TypeError("encryption: onFailure must be 'miss' or 'throw'")
  const cipher = new EnvelopeCipher({ keyring, context })
  const failures = channel(ENCRYPTION_FAILURE_CHANNEL)

  function tell(error: MemkeepError, entry: Entry): void {
    const failure: EncryptionFailure = {
      code: error.code,
      keyId: keyIdOf(entry.value),
      message: error.message,
    }
    failures.publish(failure)
  }

  return {
    name: 'encryption',
    encode(entry) {
      return { key: entry.key, value: cipher.seal(entry), flags: entry.flags }
    },
    decode(entry) {
      try {
        return { key: entry.key, value: cipher.open(entry), flags: entry.flags }
      } catch (error) {
        if (!(error instanceof MemkeepError)) throw error
        tell(error, entry)
        if (onFailure === 'throw') throw error
        return undefined
      }
    },
    newSession() {
      cipher.newSession()
    },
  }
}
