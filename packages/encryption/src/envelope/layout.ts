import { MemkeepError } from '@memkeep/core'
import { isAlgorithmId } from './algorithms.ts'
import { TAG_BYTES } from './ciphers/aead.ts'

// Envelope version 1, all integers big-endian:
//   0 magic (2) | 2 version | 3 algorithm | 4 flags | 5 key id (4) | 9 session salt (16) | 25 counter (8)
//   33 expiry (8), with EXPIRES only
//   then ciphertext (n) and tag (16)
export const MAGIC_0 = 0xc7
export const MAGIC_1 = 0x4b
export const VERSION = 1

export const VERSION_AT = 2
export const ALGORITHM_AT = 3
export const FLAGS_AT = 4
export const KEY_ID_AT = 5
export const SALT_AT = 9
export const COUNTER_AT = 25
export const EXPIRY_AT = 33
export const KEY_ID_BYTES = 4
export const SALT_BYTES = 16
export const COUNTER_BYTES = 8
const EXPIRY_BYTES = 8

/** Flag: the content begins with a codec byte and is compressed. */
export const COMPRESSED = 1
/** Flag: the content ends with 0x80 and zeros (ISO/IEC 7816-4). */
export const PADDED = 2
/** Flag: the header ends with an expiry. */
export const EXPIRES = 4
const KNOWN_FLAGS = COMPRESSED | PADDED | EXPIRES

/**
 * How many bytes longer a sealed value is than the value itself: 49, with every algorithm. A bound expiry adds 8;
 * padding adds to the length, and compression takes from it.
 */
export const ENVELOPE_OVERHEAD_BYTES: number = EXPIRY_AT + TAG_BYTES

/** How long the header is: 41 bytes with an expiry, 33 without. */
export function headerBytes(flags: number): number {
  return (flags & EXPIRES) === 0 ? EXPIRY_AT : EXPIRY_AT + EXPIRY_BYTES
}

/** True when two envelopes are of one session: same algorithm, key id and salt. None is secret. */
export function isSameSession(left: Buffer, right: Buffer): boolean {
  if (left[ALGORITHM_AT] !== right[ALGORITHM_AT]) return false
  for (let at = KEY_ID_AT; at < COUNTER_AT; at++) if (left[at] !== right[at]) return false
  return true
}

/** Writes an expiry in Unix milliseconds. */
export function writeExpiry(header: Buffer, expiresAt: number): void {
  header.writeUInt32BE(Math.floor(expiresAt / 2 ** 32), EXPIRY_AT)
  header.writeUInt32BE(expiresAt >>> 0, EXPIRY_AT + 4)
}

/** The expiry of an envelope in Unix milliseconds, or undefined when it has none. */
export function expiryOf(sealed: Buffer): number | undefined {
  if (((sealed[FLAGS_AT] ?? 0) & EXPIRES) === 0) return undefined
  return sealed.readUInt32BE(EXPIRY_AT) * 2 ** 32 + sealed.readUInt32BE(EXPIRY_AT + 4)
}

/** The key id that a value names, as 8 hex digits, or undefined when there is none to be read. */
export function keyIdOf(value: Buffer): string | undefined {
  const readable = hasMagic(value) && value[VERSION_AT] === VERSION && value.length >= SALT_AT
  return readable ? value.toString('hex', KEY_ID_AT, SALT_AT) : undefined
}

/**
 * Refuses what is not a whole envelope of this version, without a look at the key.
 *
 * @throws MemkeepError `ERR_MEMKEEP_ENVELOPE_FOREIGN`, `ERR_MEMKEEP_ENVELOPE_UNSUPPORTED` or
 * `ERR_MEMKEEP_ENVELOPE_TRUNCATED`
 */
export function assertLayout(value: Buffer): void {
  if (!hasMagic(value)) {
    throw new MemkeepError(
      'ERR_MEMKEEP_ENVELOPE_FOREIGN',
      'The value is not a Memkeep envelope: it was stored without encryption or by other software. It is not served.',
    )
  }
  // what a value is too short to hold is not unsupported but cut off: refused below
  const version = value[VERSION_AT] ?? VERSION
  const id = value[ALGORITHM_AT]
  const flags = value[FLAGS_AT] ?? 0
  if (version !== VERSION) throw unsupported('version', version)
  if (id !== undefined && !isAlgorithmId(id)) throw unsupported('algorithm', id)
  if ((flags & ~KNOWN_FLAGS) !== 0) throw unsupported('flags', flags)
  const least = headerBytes(flags) + TAG_BYTES
  if (value.length < least) {
    throw new MemkeepError(
      'ERR_MEMKEEP_ENVELOPE_TRUNCATED',
      `The value is cut off: ${String(value.length)} bytes, where its envelope has at least ${String(least)}. It is not served: store it anew.`,
    )
  }
}

function hasMagic(value: Buffer): boolean {
  return value[0] === MAGIC_0 && value[1] === MAGIC_1
}

function unsupported(field: string, found: number): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
    `The value's envelope has ${field} 0x${found.toString(16).padStart(2, '0')}, which this version of @memkeep/encryption does not know. Was it written by a newer one?`,
  )
}
