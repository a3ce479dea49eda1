import type { Validity } from './authority.ts'

/** Days that an authority is good for, and the most that one may be. */
export const AUTHORITY_DAYS = 3650
/** Days that a server's or client's certificate is good for. */
export const LEAF_DAYS = 90
/** The most days of such a one: what every TLS client accepts of a private authority. */
export const MAX_LEAF_DAYS = 825

const DAY = 86_400_000
/** How much earlier a certificate begins, so that clocks may differ. */
const CLOCK_SKEW = 3_600_000

/** From now on, for days. @throws RangeError for days below 1 or above `most` */
export function validityOf(days: number, most: number, now: Date): Validity {
  if (!Number.isInteger(days) || days < 1 || days > most) {
    throw new RangeError(`days must be a whole number from 1 to ${String(most)}`)
  }
  // certificates count seconds
  const begin = Math.floor(now.getTime() / 1000) * 1000
  return { notBefore: new Date(begin - CLOCK_SKEW), notAfter: new Date(begin + days * DAY) }
}
