import { time } from '@memkeep/core/internal'

/**
 * A signal for one attempt, which aborts with its parent or when its time is over. `AbortSignal.any` would leave some
 * bytes in a parent that outlives many attempts.
 */
export class Attempt {
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal
  readonly #timer: NodeJS.Timeout
  readonly #onAbort = (): void => {
    this.#controller.abort(this.#parent.reason)
  }

  /**
   * @param timeout milliseconds
   * @param timedOut makes the reason when the time is over
   */
  constructor(parent: AbortSignal, timeout: number, timedOut: () => Error) {
    this.#parent = parent
    this.#timer = time.setTimeout(() => {
      this.#controller.abort(timedOut())
    }, timeout)
    if (parent.aborted) this.#onAbort()
    else parent.addEventListener('abort', this.#onAbort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Settles as the promise does, or rejects with the signal's reason if that is first. */
  settle<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal.reason as Error)
      }
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      promise.then(resolve, reject)
    })
  }

  /** Ends it: no timer is left, and the parent does not hold it. */
  end(): void {
    time.clearTimeout(this.#timer)
    this.#parent.removeEventListener('abort', this.#onAbort)
  }
}
