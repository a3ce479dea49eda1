/** A line of which more than this came without its end, in bytes, is none, unless it names many keys. */
const MAX_OPEN_LINE_BYTES = 2048
/** One that came whole is none when memcached cannot read it whole. */
const MAX_LINE_BYTES = 16_384
/** memcached takes keys as long as its memory lasts; this many bytes of them are enough for anyone. */
const MAX_KEYS_LINE_BYTES = 16 * 1024 ** 2
/** `gat` and `gats` too: memcached takes those only if they come in one piece, which nobody can promise. */
const NAMES_KEYS = /^ {0,100}(?:gets?|gats?) /

const LF = 0x0a
const EMPTY: Buffer = Buffer.alloc(0)

/** What a client wrote, however it was split, to be taken out line by line and block by block. */
export class TextInput {
  #data: Buffer = EMPTY
  #at = 0
  /** The start of a line whose end did not come. */
  #line = ''
  /** Whether that line names keys, and so may be long; undefined while it is short. */
  #mayBeLong: boolean | undefined
  /** The start of a block whose end did not come. */
  #parts: Buffer[] = []
  #length = 0

  /** Adds what came; everything before it has been taken out, or is unfinished. */
  push(chunk: Buffer): void {
    this.#data = chunk
    this.#at = 0
  }

  /**
   * Takes the next line out, without its end, each character one byte; undefined while it is incomplete, null when
   * it is too long to be one.
   */
  takeLine(): string | null | undefined {
    const end = this.#data.indexOf(LF, this.#at)
    const whole = end >= 0
    this.#line += this.#data.toString('latin1', this.#at, whole ? end : undefined)
    if (whole) this.#at = end + 1
    else this.#release()
    if (this.#isTooLong(whole)) return null
    if (!whole) return undefined
    const line = this.#line
    this.#line = ''
    this.#mayBeLong = undefined
    // a carriage return alone is no end of a line, but a command that nobody knows
    return line.length > 1 && line.endsWith('\r') ? line.slice(0, -1) : line
  }

  #isTooLong(whole: boolean): boolean {
    if (this.#line.length <= (whole ? MAX_LINE_BYTES : MAX_OPEN_LINE_BYTES)) return false
    this.#mayBeLong ??= NAMES_KEYS.test(this.#line)
    return !this.#mayBeLong || this.#line.length > MAX_KEYS_LINE_BYTES
  }

  /** Takes a block of so many bytes out; undefined while it is incomplete. It may be a view into what was pushed. */
  takeBlock(length: number): Buffer | undefined {
    const piece = this.#data.subarray(this.#at, this.#at + length - this.#length)
    if (this.#length + piece.length < length) {
      if (piece.length > 0) this.#parts.push(piece)
      this.#length += piece.length
      this.#release()
      return undefined
    }
    const block = this.#length === 0 ? piece : Buffer.concat([...this.#parts, piece], length)
    this.#at += piece.length
    this.#parts = []
    this.#length = 0
    return block
  }

  /** Throws up to so many bytes away, and returns how many. */
  skip(length: number): number {
    const skipped = Math.min(length, this.#data.length - this.#at)
    this.#at += skipped
    return skipped
  }

  /** Lets go of everything. */
  clear(): void {
    this.#release()
    this.#line = ''
    this.#mayBeLong = undefined
    this.#parts = []
    this.#length = 0
  }

  #release(): void {
    this.#data = EMPTY
    this.#at = 0
  }
}
