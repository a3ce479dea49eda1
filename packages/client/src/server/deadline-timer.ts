/** One timer for many deadlines: it goes off when the earliest of them is due, and keeps no process alive. */
export class DeadlineTimer {
  readonly #onDue: (now: number) => void
  #timer: NodeJS.Timeout | undefined
  #dueAt = Infinity

  /** @param onDue called with `performance.now()`; sets the deadlines that are left anew */
  constructor(onDue: (now: number) => void) {
    this.#onDue = onDue
  }

  /** Makes sure that it goes off when that deadline, in milliseconds of `performance.now()`, is due. */
  add(deadline: number): void {
    if (deadline >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = deadline
    // a millisecond more than needed, so that what is due then is surely due
    const left = Math.max(0, Math.ceil(deadline - performance.now())) + 1
    this.#timer = setTimeout(() => {
      this.#dueAt = Infinity
      this.#onDue(performance.now())
    }, left).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
