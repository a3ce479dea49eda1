import { MAX_CHUNK_BYTES } from '@memkeep/core'

/** Below this much room left, in bytes, a chunk is not written on but replaced. */
const MIN_ROOM_BYTES = 2048

/**
 * Gathers the commands of one event-loop turn into chunks of whole commands, as a Channel demands: several up to
 * {@link MAX_CHUNK_BYTES}, or one longer command alone.
 */
export class WriteBatch {
  #buffer: Buffer = Buffer.allocUnsafeSlow(MAX_CHUNK_BYTES)
  #start = 0
  #used = 0
  #sealed: Buffer[] = []

  /** Makes room for one command and returns the buffer to write it into, at {@link WriteBatch.at}. */
  reserve(bytes: number): Buffer {
    if (this.#used + bytes > this.#buffer.length) {
      this.#seal()
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(bytes, MAX_CHUNK_BYTES))
      this.#start = this.#used = 0
    }
    return this.#buffer
  }

  /** The offset in the reserved buffer where the next command starts. */
  get at(): number {
    return this.#used
  }

  /** Ends the command that was written into the reserved buffer, just before offset `end`. */
  commit(end: number): void {
    this.#used = end
    if (end - this.#start > MAX_CHUNK_BYTES) this.#seal()
  }

  /** Takes the chunks gathered so far. */
  take(): readonly Buffer[] {
    this.#seal()
    const chunks = this.#sealed
    this.#sealed = []
    return chunks
  }

  #seal(): void {
    if (this.#used > this.#start) this.#sealed.push(this.#buffer.subarray(this.#start, this.#used))
    this.#start = this.#used
    if (this.#buffer.length - this.#used < MIN_ROOM_BYTES || this.#buffer.length > MAX_CHUNK_BYTES) {
      this.#buffer = Buffer.allocUnsafeSlow(MAX_CHUNK_BYTES)
      this.#start = this.#used = 0
    }
  }
}
