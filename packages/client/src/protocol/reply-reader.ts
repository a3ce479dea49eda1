import type { Protocol } from './protocol.ts'
import { Reply } from './reply.ts'

/** Cuts received chunks, however they are split, into replies. */
export class ReplyReader {
  readonly #protocol: Protocol
  readonly #onReply: (reply: Reply) => void
  readonly #reply = new Reply()
  #parts: Buffer[] = []
  #length = 0
  #needed = 0

  /** @param onReply takes each reply; it and its views hold during the call */
  constructor(protocol: Protocol, onReply: (reply: Reply) => void) {
    this.#protocol = protocol
    this.#onReply = onReply
  }

  /** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` when the bytes can be no reply */
  push(chunk: Buffer): void {
    const data = this.#joined(chunk)
    if (data === undefined) return
    const reply = this.#reply
    let at = 0
    while (at < data.length) {
      const needed = this.#protocol.read(data, at, reply)
      if (needed > 0) {
        this.#parts = [data.subarray(at)]
        this.#length = data.length - at
        this.#needed = needed
        break
      }
      at = reply.end
      this.#onReply(reply)
    }
    reply.forget()
  }

  /** All that is unread, or undefined while it is known to be too little: a large value is joined only once. */
  #joined(chunk: Buffer): Buffer | undefined {
    if (this.#length === 0) return chunk
    this.#parts.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return undefined
    const data = Buffer.concat(this.#parts, this.#length)
    this.#parts = []
    this.#length = 0
    return data
  }
}
