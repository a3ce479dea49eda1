import { time } from '@memkeep/core/internal'

/** What the clock's `setTimeout` returns, as far as the client uses it. */
class VirtualTimer {
  callback: (() => void) | undefined

  constructor(callback: () => void) {
    this.callback = callback
  }

  readonly fire = (): void => {
    const { callback } = this
    this.callback = undefined
    callback?.()
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/**
 * Time that passes by a millisecond with every turn of the real event loop, for thousands of clients
 * at once: no machine is too slow for their timeouts, nothing is waited for, and a seed plays the same every time.
 * Only `now`, `setTimeout` and `clearTimeout` of the client's time are replaced; microtasks, `process.nextTick`,
 * `setImmediate` and streams are Node's own. A timer that is due runs as an immediate, which is how Node does it
 * too: with all microtasks done before the next one.
 */
export class VirtualClock {
  #now = 0
  readonly #due = new Map<number, VirtualTimer[]>()
  readonly #real = { ...time }

  /** Milliseconds since it was made. */
  get now(): number {
    return this.#now
  }

  /** Puts it in the place of the client's real time. */
  install(): void {
    Object.assign(time, {
      now: () => this.#now,
      setTimeout: (callback: () => void, milliseconds: number) => this.after(milliseconds, callback),
      clearTimeout: (timer: unknown) => {
        if (timer instanceof VirtualTimer) timer.callback = undefined
        else this.#real.clearTimeout(timer as NodeJS.Timeout | undefined)
      },
    })
  }

  /** Gives the real time back. */
  uninstall(): void {
    Object.assign(time, this.#real)
  }

  /** Calls back when that many milliseconds have passed. */
  after(milliseconds: number, callback: () => void): VirtualTimer {
    const at = this.#now + Math.max(1, Math.ceil(milliseconds))
    const timer = new VirtualTimer(callback)
    const due = this.#due.get(at)
    if (due === undefined) this.#due.set(at, [timer])
    else due.push(timer)
    return timer
  }

  /** Lets one turn pass. */
  step(): void {
    this.#now++
    const due = this.#due.get(this.#now)
    if (due === undefined) return
    this.#due.delete(this.#now)
    for (const timer of due) if (timer.callback !== undefined) setImmediate(timer.fire)
  }
}
