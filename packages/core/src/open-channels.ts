/** How long one channel may take to be replaced before the next one is, in milliseconds. */
const PATIENCE = 10_000

/** A channel that is to be replaced. */
export interface Retiring {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
}

/** Has channels replaced one after the other, so that a service never loses all of its connections at once. */
export class Retirement {
  readonly #waiting: { readonly channel: Retiring; readonly retire: () => void }[] = []
  #current: Retiring | undefined

  /** Takes a channel in; `retire` asks its owner to replace it. */
  add(channel: Retiring, retire: () => void): void {
    this.#waiting.push({ channel, retire })
    if (this.#current === undefined) this.#next()
  }

  #next(): void {
    const { channel, retire } = this.#waiting.shift() ?? {}
    this.#current = channel
    if (channel === undefined || retire === undefined) return
    if (channel.destroyed) {
      this.#next()
      return
    }
    const goOn = (): void => {
      clearTimeout(timer)
      if (this.#current === channel) this.#next()
    }
    // one that cannot be replaced now is used on, and must not hold up the others
    const timer = setTimeout(goOn, PATIENCE).unref()
    channel.once('close', goOn)
    retire()
  }
}
