/** What an {@link Alarm} is set on. */
export interface AlarmClock {
  set(alarm: Alarm): void
  unset(alarm: Alarm): void
}

/** Calls back when the earliest of the times it was set to has come. Keeps no process alive. */
export class Alarm {
  readonly #clock: AlarmClock
  readonly #onDue: (now: number) => void
  #dueAt = Infinity

  /** @param onDue called with the clock's time; sets the alarm again for what is left */
  constructor(clock: AlarmClock, onDue: (now: number) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** When it is due; Infinity when it is not set. */
  get dueAt(): number {
    return this.#dueAt
  }

  /** Makes sure that it rings at that time. */
  add(dueAt: number): void {
    if (dueAt >= this.#dueAt) return
    this.#dueAt = dueAt
    this.#clock.set(this)
  }

  stop(): void {
    this.#dueAt = Infinity
    this.#clock.unset(this)
  }

  /** For its clock: it is due. */
  ring(now: number): void {
    this.#dueAt = Infinity
    this.#onDue(now)
  }
}
