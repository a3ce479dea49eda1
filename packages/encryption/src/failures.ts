import { channel } from 'node:diagnostics_channel'
import type { MemkeepError, MemkeepErrorCode } from '@memkeep/core'
import { keyIdOf } from './envelope/layout.ts'

/** The `node:diagnostics_channel` on which every value that does not open is told. */
export const ENCRYPTION_FAILURE_CHANNEL = 'memkeep:encryption:failure'

/** What subscribers of {@link ENCRYPTION_FAILURE_CHANNEL} get: never a key name, never a value. */
export interface EncryptionFailure {
  readonly code: MemkeepErrorCode
  /** The id of the key that the value names, where it names one. */
  readonly keyId: string | undefined
  readonly message: string
}

/** How many values did not open, of one reason and one key. */
export interface FailureCount {
  readonly code: MemkeepErrorCode
  /** The id of the key that the values name; undefined where they name none, or one of too many. */
  readonly keyId: string | undefined
  readonly count: number
}

// whoever writes to the server chooses the ids in foreign values: they must not fill our memory
const COUNTS_LIMIT = 256

/** Tells and counts what does not open. */
export class Failures {
  readonly #channel = channel(ENCRYPTION_FAILURE_CHANNEL)
  readonly #counts = new Map<string, FailureCount>()

  tell(error: MemkeepError, value: Buffer): void {
    const { code, message } = error
    const keyId = keyIdOf(value)
    this.#count(code, keyId)
    const failure: EncryptionFailure = { code, keyId, message }
    this.#channel.publish(failure)
  }

  get counts(): readonly FailureCount[] {
    return [...this.#counts.values()]
  }

  #count(code: MemkeepErrorCode, keyId: string | undefined): void {
    const name = `${code} ${String(keyId)}`
    const known = this.#counts.get(name)
    if (known === undefined && keyId !== undefined && this.#counts.size >= COUNTS_LIMIT) {
      this.#count(code, undefined)
      return
    }
    this.#counts.set(name, { code, keyId, count: (known?.count ?? 0) + 1 })
  }
}
