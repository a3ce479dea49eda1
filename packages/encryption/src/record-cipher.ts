import { MemkeepError, type OpenedRecord, type StoredRecord } from '@memkeep/core'
import { EnvelopeCipher } from './envelope/cipher.ts'
import { keyIdOf } from './envelope/layout.ts'
import type { Keyring } from './keyring/keyring.ts'
import type { LayerOptions, Migration } from './options.ts'

/**
 * Before the key in the associated data. No user key contains a NUL, so that no value opens as a record, and no record
 * as a value.
 */
const PURPOSE = '\0record:'

/**
 * Seals what an adapter stores for its own use. Unlike values, records never expire and are sealed whatever
 * `bindExpiry`, `plainKeys`, `compress` and `pad` say. During a migration from plain values they follow `migration`, so
 * that processes with and without encryption read the same record.
 */
export class RecordCipher {
  readonly #keyring: Keyring
  readonly #migration: Migration
  readonly #cipher: EnvelopeCipher

  constructor({ cipher, migration }: LayerOptions) {
    const { keyring, context, algorithm } = cipher
    this.#keyring = keyring
    this.#migration = migration
    this.#cipher = new EnvelopeCipher({ keyring, context, algorithm })
  }

  seal({ key, value }: StoredRecord): Buffer {
    if (this.#migration === 'write-plaintext') return value
    return this.#cipher.seal({ key: PURPOSE + key, value, flags: 0 })
  }

  /** @throws MemkeepError as {@link EnvelopeCipher.open} */
  open({ key, value: sealed }: StoredRecord): OpenedRecord {
    try {
      const value = this.#cipher.open({ key: PURPOSE + key, value: sealed, flags: 0 })
      return { value, stale: keyIdOf(sealed) !== this.#keyring.primaryId }
    } catch (error) {
      if (this.#migration === 'strict' || !isPlain(error)) throw error
      return { value: Buffer.from(sealed), stale: this.#migration === 'read-plaintext' }
    }
  }

  newSession(): void {
    this.#cipher.newSession()
  }
}

function isPlain(error: unknown): boolean {
  return error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_ENVELOPE_FOREIGN'
}
