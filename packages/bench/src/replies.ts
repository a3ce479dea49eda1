const LF = 10
const V = 0x56
const H = 0x48
const ZERO = 0x30
const NINE = 0x39
/** CR and LF after a value. */
const END = 2

/** What a meta command answers (protocol.txt, "Meta Commands"): a value, done, or not. */
export type Answer = Buffer | boolean | undefined

/** Cuts what a connection receives into the answers of `mg` and `ms`, with no more copying than it takes. */
export class Replies {
  readonly #settle: (answer: Answer) => void
  /** The value that is coming in, with its end, and how much of it is there. */
  #value: Buffer | undefined
  #have = 0
  /** The beginning of a line. */
  #line: Buffer | undefined

  constructor(settle: (answer: Answer) => void) {
    this.#settle = settle
  }

  /** Takes what came in. */
  read(chunk: Buffer): void {
    const value = this.#value
    if (value !== undefined) {
      const copied = chunk.copy(value, this.#have)
      this.#have += copied
      if (this.#have < value.length) return
      this.#value = undefined
      this.#settle(value.subarray(0, value.length - END))
      this.#split(chunk, copied)
    } else if (this.#line !== undefined) {
      const data = Buffer.concat([this.#line, chunk])
      this.#line = undefined
      this.#split(data, 0)
    } else {
      this.#split(chunk, 0)
    }
  }

  #split(data: Buffer, from: number): void {
    let at = from
    while (at < data.length) {
      const eol = data.indexOf(LF, at)
      if (eol < 0) {
        this.#line = data.subarray(at)
        return
      }
      if (data[at] !== V) {
        this.#settle(data[at] === H ? true : undefined)
        at = eol + 1
        continue
      }
      const start = eol + 1
      const end = start + lengthIn(data, at + 3)
      if (end + END > data.length) {
        this.#value = Buffer.allocUnsafe(end + END - start)
        this.#have = data.copy(this.#value, 0, start)
        return
      }
      this.#settle(data.subarray(start, end))
      at = end + END
    }
  }
}

/** The decimal number that begins there. */
function lengthIn(data: Buffer, from: number): number {
  let length = 0
  for (let at = from; ; at++) {
    const code = data[at] ?? 0
    if (code < ZERO || code > NINE) return length
    length = length * 10 + code - ZERO
  }
}
