import type { Form } from './client.ts'

/** What the values of one set take together at most, in bytes, and how many there are then. */
const MAX_BYTES = 10_000_000
const MAX_VALUES = 1_000
const MIN_VALUES = 10

/** Text that no client has to escape. */
const FILLER = 'The quick brown fox jumps over the lazy dog. '
/** Where a value says whose it is: its first and its last bytes. */
const MARK = 16

/** How many keys a workload of that value size uses. */
export function countKeys(size: number): number {
  return Math.max(MIN_VALUES, Math.min(MAX_VALUES, Math.floor(MAX_BYTES / size)))
}

/** The values of numbered keys, all different, each known in full. */
export class Values {
  readonly #values: (Buffer | string)[] = []
  readonly #size: number
  readonly #form: Form
  #generation = 0

  /** `size` in bytes. */
  constructor(size: number, form: Form) {
    this.#size = size
    this.#form = form
    this.#make()
  }

  get count(): number {
    return this.#values.length
  }

  at(index: number): Buffer | string {
    const value = this.#values[index]
    if (value === undefined) throw new RangeError(`There is no value ${String(index)}`)
    return value
  }

  /** Makes all values anew, different from those before: what is read back then was written since. */
  renew(): void {
    this.#generation++
    this.#make()
  }

  /** Whether that is the value of key `index`: every byte of it, in whatever type a client hands it out. */
  isRight(index: number, value: unknown): boolean {
    const expected = this.#values[index]
    if (typeof value === 'string') return value === expected
    return typeof expected === 'object' && value instanceof Uint8Array && expected.equals(value)
  }

  #make(): void {
    const count = countKeys(this.#size)
    const filler = FILLER.repeat(Math.ceil(this.#size / FILLER.length))
    for (let index = 0; index < count; index++) {
      const mark = `${String(index)}.${String(this.#generation)}`.padEnd(MARK, '-')
      const text = (mark + filler.slice(0, Math.max(0, this.#size - 2 * MARK)) + mark).slice(0, this.#size)
      // a concatenation is a rope: through a Buffer it becomes flat, as a program's own values are
      const bytes = Buffer.from(text, 'latin1')
      this.#values[index] = this.#form === 'buffer' ? bytes : bytes.toString('latin1')
    }
  }
}
