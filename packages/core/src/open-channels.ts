import type { Channel, ConnectOptions } from './transport.ts'

/** How long one channel may take to be replaced before the next one is, in milliseconds. */
const PATIENCE = 10_000

/** A channel that is open, and how its owner is asked to replace it; with whatever else is to be known of it. */
export interface OpenChannel {
  readonly channel: Channel
  readonly onRetire: ConnectOptions['onRetire']
}

/**
 * The open channels of a transport or an authenticator. Those that are to be replaced are so one after the other, so
 * that a service never loses all of its connections at once, and each is asked for once.
 */
export class OpenChannels<T extends OpenChannel> {
  readonly #open = new Set<T>()
  readonly #retiring = new WeakSet<T>()
  #waiting: T[] = []
  #current: T | undefined

  /** Takes one in until it is closed. */
  add(open: T): void {
    this.#open.add(open)
    open.channel.once('close', () => this.#open.delete(open))
  }

  /** Has those replaced for which this holds, where their owner can. */
  replace(isOld: (open: T) => boolean): void {
    for (const open of this.#open) {
      if (open.onRetire === undefined || this.#retiring.has(open) || !isOld(open)) continue
      this.#retiring.add(open)
      this.#waiting.push(open)
    }
    if (this.#current === undefined) this.#next()
  }

  /** Whether it waits for being replaced. */
  isRetiring(open: T): boolean {
    return this.#retiring.has(open)
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#open.values()
  }

  #next(): void {
    this.#waiting = this.#waiting.filter(({ channel }) => !channel.destroyed)
    const open = this.#waiting.shift()
    this.#current = open
    if (open === undefined) return
    const goOn = (): void => {
      clearTimeout(timer)
      if (this.#current === open) this.#next()
    }
    // one that cannot be replaced now is used on, and must not hold up the others
    const timer = setTimeout(goOn, PATIENCE).unref()
    open.channel.once('close', goOn)
    open.onRetire?.()
  }
}
