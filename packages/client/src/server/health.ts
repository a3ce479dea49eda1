import { randomInt } from 'node:crypto'

/** How a server that fails is treated. */
export interface HealthOptions {
  /** Milliseconds that the first pause between two attempts to connect lasts at most. */
  readonly reconnectMinDelay: number
  /** Milliseconds that any such pause lasts at most. */
  readonly reconnectMaxDelay: number
  /** Faults in a row after which the server is ejected. */
  readonly ejectAfter: number
  /** Milliseconds that an ejected server is left alone at least. */
  readonly ejectPause: number
}

/**
 * What is known of a server's state, without sockets or timers. Pauses between attempts to connect grow
 * exponentially with full jitter: each is drawn evenly from 0 to its bound, so that clients do not come back together.
 */
export class Health {
  readonly #options: HealthOptions
  readonly #random: () => number
  #attempts = 0
  #faults = 0
  #ejected = false
  #retryAt = 0
  #lastError: Error | undefined

  /** @param random draws from 0 up to 1 */
  constructor(options: HealthOptions, random: () => number = drawFraction) {
    this.#options = options
    this.#random = random
  }

  /** Faults since the last success. */
  get faults(): number {
    return this.#faults
  }

  /** Whether it is taken out. */
  get ejected(): boolean {
    return this.#ejected
  }

  /** The last fault. */
  get lastError(): Error | undefined {
    return this.#lastError
  }

  /** Milliseconds from `now` until it may be tried again; 0 when it may be now. */
  pause(now: number): number {
    return Math.max(0, this.#retryAt - now)
  }

  /** Notes a reply; true when that takes the server back in. */
  answered(): boolean {
    this.#faults = 0
    return this.#ejected && this.connected()
  }

  /** Notes a connection that the server accepted; true when that takes it back in. */
  connected(): boolean {
    const reinstated = this.#ejected
    this.#attempts = 0
    this.#ejected = false
    this.#retryAt = 0
    return reinstated
  }

  /** Notes an attempt to connect that failed; true when that ejects the server. */
  connectFailed(error: Error, now: number): boolean {
    this.backOff(now)
    return this.failed(error, now)
  }

  /** Notes that an attempt failed to open one more connection to a server that answers on others. */
  backOff(now: number): void {
    const { reconnectMinDelay, reconnectMaxDelay } = this.#options
    const bound = Math.min(reconnectMaxDelay, reconnectMinDelay * 2 ** this.#attempts++)
    this.#retryAt = now + this.#random() * bound
  }

  /** Notes a fault of any kind; true when that ejects the server. */
  failed(error: Error, now: number): boolean {
    const { ejectAfter, ejectPause } = this.#options
    this.#lastError = error
    this.#faults++
    if (this.#faults < ejectAfter) return false
    this.#retryAt = Math.max(this.#retryAt, now + ejectPause)
    const justNow = !this.#ejected
    this.#ejected = true
    return justNow
  }
}

/** What `randomInt` draws below: as many as it takes. */
const FRACTIONS = 2 ** 32

/** Draws from 0 up to 1. */
export function drawFraction(): number {
  return randomInt(FRACTIONS) / FRACTIONS
}
