import type { Connection } from '../connection/connection.ts'

/**
 * The open connections to one server: those in use, of which some are to be replaced, and those that take nothing
 * new and close when what they were asked is answered.
 */
export class ConnectionSet {
  #inUse: readonly Connection[] = []
  readonly #retiring = new Set<Connection>()
  readonly #draining = new Set<Connection>()

  /** How many are in use. */
  get size(): number {
    return this.#inUse.length
  }

  /** How many of those in use are to be replaced. */
  get retiring(): number {
    return this.#retiring.size
  }

  /** How many take nothing new and are not yet answered. */
  get draining(): number {
    return this.#draining.size
  }

  /** The one in use with the fewest commands in flight. */
  freest(): Connection | undefined {
    const first = this.#inUse[0]
    if (first === undefined || this.#inUse.length === 1) return first
    let freest = first
    for (const connection of this.#inUse) if (connection.commands < freest.commands) freest = connection
    return freest
  }

  /** Takes one into use, in the place of one that is to be replaced, if there is such. */
  add(connection: Connection): void {
    this.#inUse = [...this.#inUse, connection]
    const [old] = this.#retiring
    if (old === undefined) return
    this.#retiring.delete(old)
    this.#inUse = this.#inUse.filter((other) => other !== old)
    this.#draining.add(old)
    old.drain()
  }

  /** Notes that one is to be replaced; false when it is not in use. */
  retire(connection: Connection): boolean {
    if (!this.#inUse.includes(connection)) return false
    this.#retiring.add(connection)
    return true
  }

  /** Forgets one that is closed. */
  remove(connection: Connection): void {
    this.#inUse = this.#inUse.filter((other) => other !== connection)
    this.#retiring.delete(connection)
    this.#draining.delete(connection)
  }

  /** Every open one. */
  *[Symbol.iterator](): Generator<Connection> {
    yield* this.#inUse
    yield* this.#draining
  }
}
