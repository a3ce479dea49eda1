import type { Request } from './request.ts'

/** Holes at the front that are worth moving the rest for. */
const COMPACT_AT = 1024

/** Requests in their order: those that are written are answered in it. */
export class RequestQueue<T = Request> {
  #items: (T | undefined)[] = []
  #head = 0

  /** How many there are. */
  get length(): number {
    return this.#items.length - this.#head
  }

  push(request: T): void {
    this.#items.push(request)
  }

  /** The oldest request. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  /** Takes the oldest request out. */
  shift(): T | undefined {
    const request = this.#items[this.#head]
    if (request === undefined) return undefined
    // whoever is answered must not be held on to
    this.#items[this.#head++] = undefined
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return request
  }

  /** Takes all out, oldest first. */
  drain(): T[] {
    const rest = [...this]
    this.#items = []
    this.#head = 0
    return rest
  }

  /** Puts requests before all others, in their order. */
  unshift(requests: readonly T[]): void {
    this.#items = [...requests, ...this.#items.slice(this.#head)]
    this.#head = 0
  }

  *[Symbol.iterator](): Iterator<T, undefined, undefined> {
    // of this moment: what is taken out while it is iterated is still seen
    const items = this.#items
    for (let at = this.#head; at < items.length; at++) {
      const request = items[at]
      if (request !== undefined) yield request
    }
    return undefined
  }
}
