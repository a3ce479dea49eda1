/** Up to here, in seconds, memcached reads an expiry as relative; beyond, as Unix time (`protocol.txt`). */
const MAX_RELATIVE_SECONDS = 60 * 60 * 24 * 30
/** The wire's 32 bits, signed. */
const MAX_EXPTIME = 2 ** 31 - 1

/**
 * The expiry to send for a time to live in whole seconds: 0 or undefined never expires, over 30 days becomes an
 * absolute Unix time.
 *
 * @throws RangeError for negative numbers, fractions, NaN, and times that memcached's 32 bits cannot hold
 */
export function toExptime(ttl: number | undefined, now: number = Date.now()): number {
  if (ttl === undefined) return 0
  if (!Number.isInteger(ttl) || ttl < 0) {
    throw new RangeError(`ttl must be a whole number of seconds, 0 or more, not ${String(ttl)}`)
  }
  const exptime = ttl <= MAX_RELATIVE_SECONDS ? ttl : Math.floor(now / 1000) + ttl
  if (exptime > MAX_EXPTIME)
    throw new RangeError(`ttl of ${String(ttl)} seconds ends after 2038, which memcached cannot hold`)
  return exptime
}
