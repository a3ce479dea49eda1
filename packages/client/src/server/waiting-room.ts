import type { Request, RequestHolder } from '../connection/request.ts'
import { RequestQueue } from '../connection/request-queue.ts'
import { payloadBound } from '../protocol/command.ts'

/** How much may wait. */
export interface WaitingLimits {
  /** Requests that may wait. */
  readonly maxWaiting: number
  /** Bytes of keys and values that may wait. */
  readonly maxWaitingBytes: number
}

/** Settled requests in the queue that are worth removing. */
const COMPACT_AT = 64

/**
 * Requests that wait for room on a connection, or for one to be opened, in their order. One that is settled meanwhile
 * frees its place at once. Values become copies, since their callers may change them.
 */
export class WaitingRoom implements RequestHolder {
  readonly #limits: WaitingLimits
  readonly #queue = new RequestQueue()
  /** Requests in the queue that are not settled. */
  #length = 0
  #bytes = 0

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  /** How many wait. */
  get length(): number {
    return this.#length
  }

  /** Whether no further request may wait. */
  get full(): boolean {
    return this.#length >= this.#limits.maxWaiting || this.#bytes >= this.#limits.maxWaitingBytes
  }

  /** The requests, oldest first; settled ones among them. */
  requests(): Iterable<Request> {
    return this.#queue
  }

  push(request: Request): void {
    const { value } = request
    if (value !== undefined) request.replaceValue(Buffer.from(value))
    this.#queue.push(request)
    this.#enter(request)
  }

  /** Puts requests before all others, in their order, even if it is full: they had a place before. */
  unshift(requests: readonly Request[]): void {
    this.#queue.unshift(requests)
    for (const request of requests) this.#enter(request)
  }

  /** Takes the oldest request out that is not settled. */
  shift(): Request | undefined {
    for (;;) {
      const request = this.#queue.shift()
      if (request === undefined) return undefined
      if (request.settled) continue
      this.#leave(request)
      return request
    }
  }

  /** Takes all out that are not settled, oldest first. */
  drain(): readonly Request[] {
    const requests = this.#queue.drain().filter(({ settled }) => !settled)
    for (const request of requests) this.#leave(request)
    return requests
  }

  forget(request: Request): void {
    this.#leave(request)
    const settled = this.#queue.length - this.#length
    if (settled >= COMPACT_AT && settled > this.#length) {
      this.#queue.unshift(this.#queue.drain().filter((other) => other.holder === this))
    }
  }

  #enter(request: Request): void {
    request.holder = this
    request.bytes = sizeOf(request)
    this.#length++
    this.#bytes += request.bytes
  }

  #leave(request: Request): void {
    request.holder = undefined
    this.#length--
    this.#bytes -= request.bytes
  }
}

function sizeOf(request: Request): number {
  let bytes = 0
  for (let index = 0; index < request.count; index++) bytes += payloadBound(request.at(index))
  return bytes
}
