import { MemkeepError } from '@memkeep/core'

/** Keys that cannot be used as they are. `message` says which and why, and repeats nothing of a key. */
export function invalidKeyring(message: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_KEYRING', message)
}
