import type { Entry } from '@memkeep/core'
import { copyBytes, writeUint32 } from './bytes.ts'

const LENGTH_BYTES = 4
const FLAGS_BYTES = 4
const USUAL_KEY_BYTES = 250
// a UTF-16 code unit takes at most three bytes of UTF-8
const MAX_BYTES_PER_UNIT = 3

/**
 * Writes what an envelope is bound to: header as stored, then length and bytes of the context, length and bytes
 * of the logical key's UTF-8, and the client flags.
 *
 * One buffer serves every value, since the cipher has read it before the next one can come.
 */
export class AssociatedData {
  readonly #headerBytes: number
  readonly #keyAt: number
  #scratch: Buffer
  #view: Buffer

  constructor(context: Buffer, headerBytes: number) {
    this.#headerBytes = headerBytes
    this.#keyAt = headerBytes + LENGTH_BYTES + context.length + LENGTH_BYTES
    this.#scratch = Buffer.alloc(this.#keyAt + USUAL_KEY_BYTES * MAX_BYTES_PER_UNIT + FLAGS_BYTES)
    this.#scratch.writeUInt32BE(context.length, headerBytes)
    this.#scratch.set(context, headerBytes + LENGTH_BYTES)
    this.#view = this.#scratch
  }

  /** The associated data of one entry, valid until the next call. `source` starts with the header. */
  of(source: Buffer, entry: Entry): Buffer {
    const { key, flags } = entry
    this.#reserve(this.#keyAt + key.length * MAX_BYTES_PER_UNIT + FLAGS_BYTES)
    const scratch = this.#scratch
    const keyAt = this.#keyAt
    copyBytes(source, 0, this.#headerBytes, scratch, 0)
    const keyBytes = writeKey(scratch, key, keyAt)
    const end = writeUint32(scratch, flags, keyAt + keyBytes)
    writeUint32(scratch, keyBytes, keyAt - LENGTH_BYTES)
    // keys of one length come in rows: a new view is needed only when it changes
    if (this.#view.length !== end) this.#view = scratch.subarray(0, end)
    return this.#view
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#scratch.length) return
    const larger = Buffer.alloc(bytes)
    this.#scratch.copy(larger, 0, 0, this.#keyAt)
    this.#scratch = larger
    this.#view = larger
  }
}

/** Short ASCII, which nearly every key is, costs less byte by byte than a call into the runtime. */
function writeKey(scratch: Buffer, key: string, keyAt: number): number {
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index)
    if (unit > 0x7f) {
      // every half of a surrogate pair becomes the same three bytes: two keys would be bound alike
      if (!key.isWellFormed()) throw new TypeError('entry.key has half of a surrogate pair')
      return scratch.write(key, keyAt, 'utf8')
    }
    scratch[keyAt + index] = unit
  }
  return key.length
}
