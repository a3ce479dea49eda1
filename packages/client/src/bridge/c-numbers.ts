/** What stands for a number in memcached: C's `strtoul` and its kin, then a space character or the end. */
const NUMBER = /^[\t-\r ]*([+-]?)([0-9]+)(?![^\t-\r ])/
/** Nearly all numbers look like this, and need no big integers. */
const SHORT = /^[0-9]{1,9}$/

const MAX_UINT64 = 2n ** 64n - 1n
const MAX_INT64 = 2n ** 63n - 1n

/** Reads a number of 64 bits as memcached's `safe_strtoull` does; undefined for what it refuses. */
export function readUint64(token: string): bigint | undefined {
  const [, sign, digits] = NUMBER.exec(token) ?? []
  if (digits === undefined) return undefined
  const magnitude = BigInt(digits)
  if (magnitude > MAX_UINT64) return undefined
  const value = sign === '-' ? BigInt.asUintN(64, -magnitude) : magnitude
  // a minus sign is looked for only where the number is large, and then in the whole token
  return value > MAX_INT64 && token.includes('-') ? undefined : value
}

/** Reads a number of 32 bits as memcached's `safe_strtoul` does: it takes 64 and cuts them. */
export function readUint32(token: string): number | undefined {
  if (SHORT.test(token)) return Number(token)
  const value = readUint64(token)
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value))
}

/** Reads a signed number of 32 bits as memcached's `safe_strtol` does: it takes 64 and cuts them. */
export function readInt32(token: string): number | undefined {
  if (SHORT.test(token)) return Number(token)
  const [, sign, digits] = NUMBER.exec(token) ?? []
  if (digits === undefined) return undefined
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits)
  return value > MAX_INT64 || value < -MAX_INT64 - 1n ? undefined : Number(BigInt.asIntN(32, value))
}
