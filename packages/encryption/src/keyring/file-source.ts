import { MemkeepError } from '@memkeep/core'
import { readPrivateFile } from '@memkeep/core/internal'
import { invalidKeyring } from './invalid-keyring.ts'
import { parseKeys } from './parse-keys.ts'
import type { Ring } from './ring.ts'

/** Options of `Keyring.fromFile`. */
export interface KeyFileOptions {
  /** Milliseconds between two looks at the file; 0 for none. Default: 5,000. */
  readonly watchInterval?: number
  /** Whether SIGHUP makes it read the file again as well. Default: false. */
  readonly reloadOnSighup?: boolean
  /** Whether the file's group may read it, as where secrets are mounted for one. Default: false. */
  readonly allowGroup?: boolean
}

/**
 * Reads keys from a file that only its owner can read.
 *
 * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function readKeyFile(path: string, allowGroup: boolean): Ring {
  const keys = readPrivateFile(path, { code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE', holds: 'keys', allowGroup })
  try {
    return parseKeys(keys.toString())
  } catch (error) {
    throw error instanceof MemkeepError ? invalidKeyring(`${path}: ${error.message}`) : error
  }
}
