import type { Request } from '../connection/request.ts'
import { RequestQueue } from '../connection/request-queue.ts'
import { payloadBound } from '../protocol/command.ts'

/** How much may wait. */
export interface WaitingLimits {
  /** Requests that may wait. */
  readonly maxWaiting: number
  /** Bytes of keys and values that may wait. */
  readonly maxWaitingBytes: number
}

/** Requests that wait for room on a connection, or for one to be opened, in their order. */
export class WaitingRoom {
  readonly #limits: WaitingLimits
  readonly #queue = new RequestQueue()
  #bytes = 0

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#queue.length
  }

  /** Whether no further request may wait. */
  get full(): boolean {
    return this.#queue.length >= this.#limits.maxWaiting || this.#bytes >= this.#limits.maxWaitingBytes
  }

  /** The requests, oldest first; settled ones among them. */
  requests(): Iterable<Request> {
    return this.#queue
  }

  push(request: Request): void {
    this.#queue.push(request)
    this.#bytes += sizeOf(request)
  }

  /** Puts requests before all others, in their order, even if it is full: they were let in before. */
  unshift(requests: readonly Request[]): void {
    this.#queue.unshift(requests)
    for (const request of requests) this.#bytes += sizeOf(request)
  }

  /** Takes the oldest request out. */
  shift(): Request | undefined {
    const request = this.#queue.shift()
    if (request !== undefined) this.#bytes -= sizeOf(request)
    return request
  }

  /** Takes all out, oldest first. */
  drain(): readonly Request[] {
    this.#bytes = 0
    return this.#queue.drain()
  }

  /** Makes room of those that wait for nothing any more. */
  forgetSettled(): void {
    this.unshift(this.drain().filter(({ settled }) => !settled))
  }
}

function sizeOf(request: Request): number {
  let bytes = 0
  for (let index = 0; index < request.count; index++) bytes += payloadBound(request.at(index))
  return bytes
}
