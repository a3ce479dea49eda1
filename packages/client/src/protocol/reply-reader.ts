import type { Protocol } from './protocol.ts'
import { desynchronised, Reply } from './reply.ts'

/** How much of a chunk, in bytes, is joined to an unfinished reply at least, if only its first line is missing. */
const MIN_JOIN_BYTES = 4096

/**
 * Cuts received chunks, however they are split, into replies. A reply that is spread over chunks is put together by
 * itself, so that every byte of it is copied once.
 */
export class ReplyReader {
  readonly #protocol: Protocol
  readonly #onReply: (reply: Reply) => void
  readonly #reply: Reply
  /** An unfinished reply, in pieces. */
  #parts: Buffer[] = []
  #length = 0
  /** How many bytes of it are worth another try. */
  #needed = 0
  /** Bytes to come of a value that is not read, with what follows it. */
  #unread = 0

  /**
   * @param onReply takes each reply; it and its views hold during the call
   * @param maxValueBytes longer values are `oversized`: their bytes are dropped as they come
   */
  constructor(protocol: Protocol, onReply: (reply: Reply) => void, maxValueBytes?: number) {
    this.#reply = new Reply(maxValueBytes)
    this.#protocol = protocol
    this.#onReply = onReply
  }

  /** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` when the bytes can be no reply */
  push(chunk: Buffer): void {
    const start = this.#length === 0 ? 0 : this.#finish(chunk)
    const end = this.#readAll(chunk, start)
    if (end < chunk.length) this.#keep(chunk.subarray(end))
    this.#reply.forget()
  }

  /** Reads the replies in `data` from `start` on, and returns where the first unfinished one starts. */
  #readAll(data: Buffer, start: number, end: number = data.length): number {
    let at = this.#unread === 0 ? start : this.#drop(data, start)
    while (at < end) {
      const needed = this.#protocol.read(data, at, this.#reply)
      if (needed > 0) {
        this.#needed = needed
        break
      }
      at = this.#reply.end
      this.#onReply(this.#reply)
      if (this.#reply.status !== 'oversized') continue
      this.#unread = this.#reply.unreadBytes + this.#protocol.afterValue.length
      at = this.#drop(data, at)
    }
    return at
  }

  /** Drops bytes of a value that is not read, and returns where what follows them starts. */
  #drop(data: Buffer, at: number): number {
    const { afterValue } = this.#protocol
    const end = Math.min(at + this.#unread, data.length)
    const left = at + this.#unread - end
    const known = Math.min(end - at, Math.max(0, afterValue.length - left))
    const from = afterValue.length - left - known
    if (data.toString('latin1', end - known, end) !== afterValue.slice(from, from + known)) {
      throw desynchronised('sent a value of another length than announced')
    }
    this.#unread = left
    return end
  }

  /** Reads the unfinished reply with what comes first in the chunk, and returns where the next one starts in it. */
  #finish(chunk: Buffer): number {
    let taken = 0
    while (taken < chunk.length) {
      const have = this.#length
      const take = Math.min(chunk.length - taken, Math.max(this.#needed - have, MIN_JOIN_BYTES))
      const piece = chunk.subarray(taken, taken + take)
      if (have + take < this.#needed) {
        this.#keep(piece)
        return chunk.length
      }
      const joined = Buffer.concat([...this.#parts, piece], have + take)
      this.#parts = []
      this.#length = 0
      this.#reply.own(joined)
      // what starts behind the unfinished reply is read from the chunk
      const end = this.#readAll(joined, 0, have)
      if (end >= have) return taken + end - have
      this.#keep(joined.subarray(end))
      taken += take
    }
    return taken
  }

  #keep(piece: Buffer): void {
    this.#parts.push(piece)
    this.#length += piece.length
  }
}
