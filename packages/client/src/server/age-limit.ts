import { time } from '@memkeep/core/internal'
import type { Connection } from '../connection/connection.ts'
import { drawFraction } from './health.ts'

/** The part of the greatest age by which connections differ, so that many clients do not replace theirs together. */
const JITTER = 0.2

/** Has connections replaced that have reached an age. Its timers do not keep the process alive. */
export class AgeLimit {
  readonly #maxAge: number
  readonly #random: () => number
  readonly #timers = new Map<Connection, NodeJS.Timeout>()

  /**
   * @param maxAge milliseconds; 0 for no limit
   * @param random draws from 0 up to 1
   */
  constructor(maxAge: number, random: () => number = drawFraction) {
    this.#maxAge = maxAge
    this.#random = random
  }

  /** Calls back when the connection is to be replaced: between four fifths of the greatest age and all of it. */
  start(connection: Connection, onOld: () => void): void {
    if (this.#maxAge === 0) return
    const age = Math.ceil(this.#maxAge * (1 - JITTER * this.#random()))
    this.#timers.set(connection, time.setTimeout(onOld, age).unref())
  }

  /** Forgets a connection that is closed. */
  stop(connection: Connection): void {
    time.clearTimeout(this.#timers.get(connection))
    this.#timers.delete(connection)
  }
}
