import { channel } from 'node:diagnostics_channel'
import { EncryptionLayer } from './encryption-layer.ts'
import { readOptions, type EncryptionOptions } from './options.ts'

/** The `node:diagnostics_channel` on which each `encryption()` says at its start how it seals and with which keys. */
export const ENCRYPTION_READY_CHANNEL = 'memkeep:encryption:ready'

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
 * @throws MemkeepError `ERR_MEMKEEP_ALGORITHM_UNAVAILABLE` for one that needs a package that is not installed,
 * `ERR_MEMKEEP_INVALID_KEYRING` when it is not told which key of several makes names
 */
export function encryption(options: EncryptionOptions): EncryptionLayer {
  const layer = new EncryptionLayer(readOptions(options))
  channel(ENCRYPTION_READY_CHANNEL).publish(layer.describe())
  return layer
}
