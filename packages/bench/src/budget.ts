/** No slice is shorter, in milliseconds. */
const SHORTEST = 10

/** How long everything may take. */
export interface BudgetOptions {
  /** Slices there will be. */
  readonly slices: number
  /** Milliseconds of a slice where time allows. */
  readonly wanted: number
  /** Milliseconds for all of them together, with everything between them. Default: as long as it takes. */
  readonly total?: number | undefined
  /** A clock in milliseconds. */
  readonly now?: () => number
}

/** Shares a time out among slices, and makes them shorter when what lies between them takes long. */
export class Budget {
  readonly #options: BudgetOptions
  readonly #now: () => number
  readonly #start: number
  #given = 0
  #sliced = 0

  constructor(options: BudgetOptions) {
    this.#options = options
    this.#now = options.now ?? ((): number => performance.now())
    this.#start = this.#now()
  }

  /** How long the next slice shall be, in milliseconds. */
  nextSlice(): number {
    const { slices, wanted, total } = this.#options
    const length = total === undefined ? wanted : this.#share(total, slices, wanted)
    this.#given++
    this.#sliced += length
    return length
  }

  #share(total: number, slices: number, wanted: number): number {
    const elapsed = this.#now() - this.#start
    const between = this.#given === 0 ? 0 : Math.max(0, elapsed - this.#sliced) / this.#given
    const share = (total - elapsed) / Math.max(1, slices - this.#given)
    return Math.round(Math.min(wanted, Math.max(SHORTEST, share - between)))
  }
}
