/**
 * An absolute time long past: in text a negative expiry is over at once, in binary there are no negative numbers. It
 * is one second more than the longest relative expiry, 30 days.
 */
const PAST = 60 * 60 * 24 * 30 + 1

/** The expiry of a text command, signed, as a binary command says it. */
export function toBinaryExptime(seconds: number): number {
  return seconds < 0 ? PAST : seconds
}
