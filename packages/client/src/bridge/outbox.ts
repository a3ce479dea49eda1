/** From here on, in bytes, a part is not joined with others. */
const LARGE_BYTES = 16_384

/** Gathers answers, so that many small ones are handed on as one chunk, and large values without a copy. */
export class Outbox {
  #small: Buffer[] = []
  #parts: Buffer[] = []
  #bytes = 0

  /** How many bytes it holds. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds bytes, or text whose characters are one byte each. */
  add(part: Buffer | string): void {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    this.#bytes += bytes.length
    if (bytes.length < LARGE_BYTES) {
      this.#small.push(bytes)
      return
    }
    this.#join()
    this.#parts.push(bytes)
  }

  /** Takes everything out, in order. */
  take(): Buffer[] {
    this.#join()
    const parts = this.#parts
    this.#parts = []
    this.#bytes = 0
    return parts
  }

  #join(): void {
    const [first] = this.#small
    if (first === undefined) return
    this.#parts.push(this.#small.length === 1 ? first : Buffer.concat(this.#small))
    this.#small = []
  }
}
