import type { Reply } from '../protocol/reply.ts'

/** One command that was sent and waits for its reply. */
export interface PendingRequest {
  readonly opaque: number
  /** When it was sent, in milliseconds of `performance.now()`. */
  readonly sentAt: number
  /** Takes the reply to the caller. */
  readonly settle: (reply: Reply) => void
  readonly reject: (error: Error) => void
  /** Timed out: its reply, when it comes, is thrown away. */
  abandoned: boolean
}

/** Holes at the front that are worth moving the rest for. */
const COMPACT_AT = 1024

/** Requests in the order they were sent, which is the order of their replies. */
export class RequestQueue {
  #items: (PendingRequest | undefined)[] = []
  #head = 0

  push(request: PendingRequest): void {
    this.#items.push(request)
  }

  /** The oldest request. */
  peek(): PendingRequest | undefined {
    return this.#items[this.#head]
  }

  /** Drops the oldest request, and with it all that it holds on to. */
  shift(): void {
    this.#items[this.#head++] = undefined
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }

  /** All requests, oldest first, out of the queue. */
  drain(): readonly PendingRequest[] {
    const rest = [...this]
    this.#items = []
    this.#head = 0
    return rest
  }

  *[Symbol.iterator](): Iterator<PendingRequest, undefined, undefined> {
    for (let at = this.#head; at < this.#items.length; at++) {
      const request = this.#items[at]
      if (request !== undefined) yield request
    }
    return undefined
  }
}
