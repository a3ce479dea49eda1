/** Up to here, in seconds, memcached reads an expiry as relative; beyond, as Unix time (`protocol.txt`). */
const MAX_RELATIVE_SECONDS = 60 * 60 * 24 * 30
/** The wire's 32 bits, signed. */
const MAX_EXPTIME = 2 ** 31 - 1

/**
 * The expiry to send for whole seconds from now, or a Unix time in seconds, as clients take either in one number. Up to
 * 2038 no number can be both. memcached itself takes more than 30 days for a Unix time, of 1970, so that what is stored
 * with them is gone at once.
 *
 * @param name of the argument, for messages
 * @throws RangeError for times that memcached's 32 bits cannot hold, and for those that passed more than 30 days ago
 */
export function toExptime(name: string, seconds: number): number {
  if (seconds <= MAX_RELATIVE_SECONDS) return seconds
  const now = Math.floor(Date.now() / 1000)
  if (now + seconds <= MAX_EXPTIME) return now + seconds
  if (seconds >= now - MAX_RELATIVE_SECONDS && seconds <= MAX_EXPTIME) return seconds
  throw new RangeError(
    `${name} must be whole seconds from now, or a Unix time in seconds, up to 2038, and no milliseconds: pass 0 for no end`,
  )
}

/** When an item with that expiry ends, in Unix milliseconds; undefined: never. */
export function endOfExptime(exptime: number): number | undefined {
  if (exptime === 0) return undefined
  return exptime > MAX_RELATIVE_SECONDS ? exptime * 1000 : Date.now() + exptime * 1000
}
