import { createDecipheriv, type KeyObject } from 'node:crypto'
import { MemkeepError, type Entry } from '@memkeep/core'
import type { MasterKey } from '../keyring/master-key.ts'
import { AssociatedData } from './associated-data.ts'
import { sessionInfo } from './context.ts'
import {
  ALGORITHM,
  assertLayout,
  copyBytes,
  COUNTER_AT,
  COUNTER_BYTES,
  HEADER_BYTES,
  isSameSession,
  KEY_ID_AT,
  NONCE_BYTES,
  SALT_AT,
  sessionIdOf,
  TAG_BYTES,
} from './layout.ts'
import { ReaderKeys } from './reader-keys.ts'
import { deriveSessionKey, type Session } from './session.ts'

const TAG_LENGTH = { authTagLength: TAG_BYTES }

/** Opens envelopes that any key of a ring sealed. */
export class Opener {
  readonly #masters: ReadonlyMap<string, MasterKey>
  readonly #info: Buffer
  readonly #associatedData: AssociatedData
  readonly #readerKeys: ReaderKeys
  readonly #nonce = Buffer.alloc(NONCE_BYTES)

  constructor(masters: readonly MasterKey[], context: Buffer, readerKeys: ReaderKeys = new ReaderKeys()) {
    this.#masters = new Map(masters.map((master) => [master.id, master]))
    this.#info = sessionInfo(context)
    this.#associatedData = new AssociatedData(context)
    this.#readerKeys = readerKeys
  }

  /** `own` is the session of this process: its key is at hand without a derivation. */
  open(entry: Entry, own?: Session): Buffer {
    const sealed = entry.value
    assertLayout(sealed)
    if (own !== undefined && isSameSession(own.header, sealed)) return this.#decrypt(own.key, entry)
    const sessionId = sessionIdOf(sealed)
    const known = this.#readerKeys.find(sessionId)
    if (known !== undefined) return this.#decrypt(known, entry)
    const derived = deriveSessionKey(this.#masterOf(sealed), sealed.subarray(SALT_AT, COUNTER_AT), this.#info)
    const plain = this.#decrypt(derived, entry)
    this.#readerKeys.remember(sessionId, derived)
    return plain
  }

  #masterOf(sealed: Buffer): MasterKey {
    const id = sealed.toString('hex', KEY_ID_AT, SALT_AT)
    const master = this.#masters.get(id)
    if (master === undefined) {
      throw new MemkeepError(
        'ERR_MEMKEEP_UNKNOWN_KEY_ID',
        `The value was sealed with key ${id}, and this keyring has ${[...this.#masters.keys()].join(', ')}. Add that key behind the primary one to read it, or let the value expire.`,
      )
    }
    return master
  }

  #decrypt(key: KeyObject, entry: Entry): Buffer {
    const sealed = entry.value
    const tagAt = sealed.length - TAG_BYTES
    const nonce = this.#nonce
    copyBytes(sealed, COUNTER_AT, COUNTER_BYTES, nonce, NONCE_BYTES - COUNTER_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, nonce, TAG_LENGTH)
    decipher.setAAD(this.#associatedData.of(sealed, entry))
    decipher.setAuthTag(sealed.subarray(tagAt))
    // a buffer of its own, and nobody's until the tag is verified
    const plain = decipher.update(sealed.subarray(HEADER_BYTES, tagAt))
    try {
      decipher.final()
    } catch (cause) {
      throw new MemkeepError(
        'ERR_MEMKEEP_DECRYPT_FAILED',
        'The value does not open: its bytes were changed, or it was sealed with another key, context, key name or client flags.',
        { cause },
      )
    }
    return plain
  }
}
