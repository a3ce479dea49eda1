import { time } from '@memkeep/core/internal'
import type { Connection } from '../connection/connection.ts'

/**
 * Closes connections on which nothing was asked for a while, before a proxy or a firewall drops them. It looks at them
 * at intervals, so that requests cost nothing, and its timer does not keep the process alive.
 */
export class IdleWatch {
  readonly #timeout: number
  readonly #connections: Iterable<Connection>
  #timer: NodeJS.Timeout | undefined

  /** @param timeout milliseconds; 0 closes none */
  constructor(timeout: number, connections: Iterable<Connection>) {
    this.#timeout = timeout
    this.#connections = connections
  }

  /** Begins to look, when there is a connection. */
  start(): void {
    if (this.#timeout > 0 && this.#timer === undefined) this.#lookIn(this.#timeout)
  }

  stop(): void {
    time.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #lookIn(milliseconds: number): void {
    this.#timer = time
      .setTimeout(() => {
        this.#timer = undefined
        this.#look()
      }, milliseconds)
      .unref()
  }

  #look(): void {
    let next = Infinity
    for (const connection of [...this.#connections]) {
      const left = this.#timeout - connection.idleFor
      if (left > 0) next = Math.min(next, left)
      else connection.drain()
    }
    if (next < Infinity) this.#lookIn(Math.ceil(next))
  }
}
