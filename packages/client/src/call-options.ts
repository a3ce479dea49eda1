import { asBuffer, describeInput, describeNoBytes } from '@memkeep/core/internal'
import type { ExpiryOptions } from './expiry.ts'

/** Options of every call. */
export interface CallOptions {
  /** Ends the wait: the promise is rejected with the signal's reason. What was sent may still be carried out. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds from the call to its result. Default: the client's `timeout`. */
  readonly timeout?: number | undefined
}

/** Options of calls that give an item an expiry. */
export interface TouchOptions extends CallOptions, ExpiryOptions {}

/** Options of calls that store a value. */
export interface StoreOptions extends TouchOptions {
  /** Client flags, 32 bits, stored beside the value. Default 0. */
  readonly flags?: number | undefined
}

/** Options of `increment` and `decrement`. */
export interface CountOptions extends TouchOptions {
  /** How much to count, 0 to 2^64 - 1. Default 1. */
  readonly by?: number | bigint | undefined
  /** What to store, with `ttl` or `expiresAt`, when there is no such item. Default: nothing. */
  readonly initial?: number | bigint | undefined
}

/** Options of `dangerouslyFlushAll`. */
export interface FlushOptions extends CallOptions {
  /** Whole seconds from now. Default 0. */
  readonly delay?: number | undefined
}

const MAX_UINT32 = 2 ** 32 - 1
const MAX_UINT64 = 2n ** 64n - 1n
/** The longest delay of a Node timer, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** The same options for the next step of a call, with the time, up to `deadline`, that is left of it. */
export function untilDeadline<T extends CallOptions>(
  options: T | undefined,
  deadline: number,
  now: number,
): Partial<T> {
  return { ...options, timeout: Math.max(1, deadline - now) } as Partial<T>
}

/**
 * @throws TypeError for anything but a number
 * @throws RangeError for anything but milliseconds that a timer takes
 */
export function readTimeout(timeout: number): number {
  if (typeof timeout !== 'number') {
    throw new TypeError(`timeout must be a number of milliseconds, not ${describeInput(timeout)}`)
  }
  if (!(timeout > 0 && timeout <= MAX_TIMEOUT)) {
    throw new RangeError(
      `timeout must be from 1 to ${String(MAX_TIMEOUT)} milliseconds, not ${describeInput(timeout)}`,
    )
  }
  return timeout
}

/** @throws RangeError for anything but an unsigned number of 32 bits */
export function readUint32(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > MAX_UINT32) {
    throw new RangeError(
      `${name} must be a whole number from 0 to ${String(MAX_UINT32)}, not ${describeInput(value)}`,
    )
  }
  return value
}

/**
 * An unsigned number of 64 bits.
 *
 * @throws RangeError for anything else
 * @throws TypeError for what is no number at all
 */
export function readUint64(name: string, value: number | bigint): bigint {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
    throw new RangeError(
      `${name} must be a whole number, as a bigint beyond 2^53, not ${describeInput(value)}`,
    )
  }
  const big = BigInt(value)
  if (big < 0n || big > MAX_UINT64) {
    throw new RangeError(`${name} must be from 0 to ${String(MAX_UINT64)}, not ${describeInput(value)}`)
  }
  return big
}

/** The bytes of a value, of the caller's memory where it can be; a string is UTF-8. @throws TypeError for anything else */
export function readValue(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  const bytes = asBuffer(value)
  if (bytes !== undefined) return bytes
  throw new TypeError(`value must be a Buffer, a Uint8Array or a string, not ${describeNoBytes(value)}`)
}
