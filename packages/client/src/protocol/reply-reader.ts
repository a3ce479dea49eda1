import type { Protocol } from './protocol.ts'
import type { Reply } from './reply.ts'

/** Cuts received chunks, however they are split, into replies. */
export class ReplyReader {
  readonly #protocol: Protocol
  readonly #onReply: (reply: Reply) => void
  #parts: Buffer[] = []
  #length = 0
  #needed = 0

  constructor(protocol: Protocol, onReply: (reply: Reply) => void) {
    this.#protocol = protocol
    this.#onReply = onReply
  }

  /** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` when the bytes can be no reply */
  push(chunk: Buffer): void {
    const data = this.#joined(chunk)
    if (data === undefined) return
    let at = 0
    while (at < data.length) {
      const reply = this.#protocol.read(data, at)
      if (typeof reply === 'number') {
        this.#parts = [data.subarray(at)]
        this.#length = data.length - at
        this.#needed = reply
        return
      }
      at = reply.end
      this.#onReply(reply)
    }
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
