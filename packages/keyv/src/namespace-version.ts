import { randomBytes } from 'node:crypto'

/** Milliseconds since 1970 in base 36, enough until the year 5188. */
const TIME_CHARACTERS = 9
/** Random bytes, which part versions of the same millisecond. */
const RANDOM_BYTES = 6
const VERSION = /^[0-9a-z]{9}[\w-]{8}$/
/** Versions of later times are refused: clocks may be wrong, and yet a newer version must always be possible. */
const LAST_TIME = Date.UTC(3000, 0)

/**
 * A version of a namespace: when it was made, then random characters. Of two, the one that is greater as a string is
 * the newer one, and no version is ever made twice.
 *
 * @param after the newest version known, which the new one is newer than whatever the clock says
 */
export function newVersion(after: string | undefined): string {
  const time = Math.max(Date.now(), after === undefined ? 0 : timeOf(after) + 1)
  return time.toString(36).padStart(TIME_CHARACTERS, '0') + randomBytes(RANDOM_BYTES).toString('base64url')
}

/** The version in the bytes of a record; undefined when they are none. */
export function parseVersion(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1')
  return VERSION.test(text) && timeOf(text) <= LAST_TIME ? text : undefined
}

/** The newest of several versions; undefined when there is none. */
export function newestOf(versions: readonly (string | undefined)[]): string | undefined {
  let newest: string | undefined
  for (const version of versions) {
    if (version !== undefined && (newest === undefined || version > newest)) newest = version
  }
  return newest
}

function timeOf(version: string): number {
  return Number.parseInt(version.slice(0, TIME_CHARACTERS), 36)
}
