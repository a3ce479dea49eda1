import { MemkeepError } from '@memkeep/core'
import type { Keyset } from './keyset.ts'
import { parseKeys } from './parse-keys.ts'
import type { Ring } from './ring.ts'

/** Fetches keys from where they are kept: as text `memkeep-key-v1:…`, or as a keyset. */
export type KeyProvider = (options: { readonly signal: AbortSignal }) => Promise<string | Keyset>

/** Options of `Keyring.fromProvider`. */
export interface KeyProviderOptions {
  /** Milliseconds between two questions; 0 for one only. Default: 300,000. */
  readonly refreshInterval?: number
  /** Milliseconds that an answer may take. Default: 10,000. */
  readonly timeout?: number
}

/**
 * Asks a provider for keys.
 *
 * @param timeout milliseconds
 * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export async function askKeyProvider(load: KeyProvider, timeout: number): Promise<Ring> {
  const signal = AbortSignal.timeout(timeout)
  let keys: string | Keyset
  try {
    keys = await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
      // a provider may throw instead of rejecting
      Promise.resolve(load({ signal })).then(resolve, reject)
    })
  } catch (cause) {
    const what = signal.aborted ? `gave none within ${String(timeout)} ms` : 'failed'
    throw new MemkeepError(
      'ERR_MEMKEEP_KEYS_UNAVAILABLE',
      `The provider of keys ${what}: look at the cause, and at what it asks.`,
      { cause },
    )
  }
  return parseKeys(keys)
}
