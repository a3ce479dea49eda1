import { MAX_CHUNK_BYTES } from '@memkeep/core'

/** Below this much room left, in bytes, a chunk is not written on but replaced. */
const MIN_ROOM_BYTES = 2048
/** From here on, in bytes, a command has memory to itself. */
const LARGE_BYTES = MAX_CHUNK_BYTES / 2

const EMPTY: Buffer = Buffer.alloc(0)

/**
 * Gathers the commands of one event-loop turn into chunks of whole commands, as a Channel demands: several up to
 * {@link MAX_CHUNK_BYTES}, or one longer command alone. A chunk that is full is written at once.
 */
export class WriteBatch {
  readonly #write: (chunk: Buffer) => void
  #buffer: Buffer = EMPTY
  #start = 0
  #used = 0

  constructor(write: (chunk: Buffer) => void) {
    this.#write = write
  }

  /** Whether it holds commands that are not written. */
  get pending(): boolean {
    return this.#used > this.#start
  }

  /** Makes room for one command and returns the buffer to write it into, at {@link WriteBatch.at}. */
  reserve(bytes: number): Buffer {
    if (this.#used + bytes > this.#buffer.length) {
      this.flush()
      this.#buffer = Buffer.allocUnsafeSlow(bytes > LARGE_BYTES ? bytes : MAX_CHUNK_BYTES)
      this.#start = this.#used = 0
    }
    return this.#buffer
  }

  /** The offset in the reserved buffer where the next command starts. */
  get at(): number {
    return this.#used
  }

  /** A copy of bytes that it still holds. */
  copy(start: number, end: number): Buffer {
    return Buffer.from(this.#buffer.subarray(start, end))
  }

  /** Ends the command that was written into the reserved buffer, just before offset `end`. */
  commit(end: number): void {
    this.#used = end
    if (end - this.#start > MAX_CHUNK_BYTES) this.flush()
  }

  /** Writes what it holds. */
  flush(): void {
    if (!this.pending) return
    const chunk = this.#buffer.subarray(this.#start, this.#used)
    this.#start = this.#used
    if (this.#buffer.length - this.#used < MIN_ROOM_BYTES || this.#buffer.length > MAX_CHUNK_BYTES) {
      this.#buffer = EMPTY
      this.#start = this.#used = 0
    }
    this.#write(chunk)
  }
}
