import { describeInput } from '@memkeep/core/internal'
/** Up to here, in seconds, memcached reads an expiry as relative; beyond, as Unix time (`protocol.txt`). */
const MAX_RELATIVE_SECONDS = 60 * 60 * 24 * 30
/** The wire's 32 bits, signed. */
const MAX_EXPTIME = 2 ** 31 - 1
/** A moment of January 1970, which every protocol can say and every server takes for long past. */
const LONG_PAST = MAX_RELATIVE_SECONDS + 1

/** How long a value lives: `ttl` or `expiresAt`, not both. */
export interface ExpiryOptions {
  /** Time to live in whole seconds; 0 never expires. Default: the client's `ttl`. */
  readonly ttl?: number | undefined
  /** When it ends, at the latest: memcached counts whole seconds, so up to one earlier. A past time ends it at once. */
  readonly expiresAt?: Date | undefined
}

/**
 * The expiry to send: 0 never expires, up to 30 days are relative seconds, more becomes an absolute Unix time.
 *
 * @param defaultTtl seconds, when the options name neither
 * @param now milliseconds since 1970; default: the clock's
 * @throws RangeError for negative numbers, fractions, NaN, and times that memcached's 32 bits cannot hold
 * @throws TypeError when both `ttl` and `expiresAt` are given, or `expiresAt` is no Date
 */
export function toExptime({ ttl, expiresAt }: ExpiryOptions, defaultTtl: number, now?: number): number {
  if (expiresAt === undefined) return fromTtl(ttl ?? defaultTtl, now)
  if (ttl !== undefined) throw new TypeError('Give either ttl or expiresAt, not both')
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime())) {
    throw new TypeError('expiresAt must be a valid Date')
  }
  const left = Math.floor((expiresAt.getTime() - (now ?? Date.now())) / 1000)
  return left <= 0 ? LONG_PAST : fromTtl(left, now)
}

/**
 * When an item ends, in Unix milliseconds, for options that {@link toExptime} takes; undefined: never.
 *
 * @param defaultTtl seconds, when the options name neither
 */
export function toExpiresAt({ ttl, expiresAt }: ExpiryOptions, defaultTtl: number): number | undefined {
  if (expiresAt !== undefined) return expiresAt.getTime()
  const seconds = ttl ?? defaultTtl
  return seconds === 0 ? undefined : Date.now() + seconds * 1000
}

function fromTtl(ttl: number, now: number | undefined): number {
  if (ttl === 0) return 0
  if (!Number.isInteger(ttl) || ttl < 0) {
    throw new RangeError(`ttl must be a whole number of seconds, 0 or more, not ${describeInput(ttl)}`)
  }
  const exptime = ttl <= MAX_RELATIVE_SECONDS ? ttl : Math.floor((now ?? Date.now()) / 1000) + ttl
  if (exptime > MAX_EXPTIME) {
    throw new RangeError(
      `An expiry ${String(ttl)} seconds from now is after 2038, which memcached cannot hold`,
    )
  }
  return exptime
}
