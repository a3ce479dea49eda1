/** The time, read once in each turn of the event loop: to read it for every request would cost more than to write one. */
export class TurnClock {
  #now: number | undefined

  /** Milliseconds of `performance.now()`, as they were when this turn first asked. */
  now(): number {
    if (this.#now === undefined) {
      this.#now = performance.now()
      setImmediate(() => {
        this.#now = undefined
      })
    }
    return this.#now
  }
}
