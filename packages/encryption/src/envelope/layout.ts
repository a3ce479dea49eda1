import { MemkeepError } from '@memkeep/core'

// Envelope version 1, all integers big-endian:
//   0 magic (2) | 2 version | 3 algorithm | 4 flags | 5 key id (4) | 9 session salt (16) | 25 counter (8)
//   33 ciphertext (n) | 33 + n tag (16)
export const MAGIC_0 = 0xc7
export const MAGIC_1 = 0x4b
export const VERSION = 1
/** Algorithm id 1: AES-256-GCM. */
export const ALGORITHM_ID = 1
export const ALGORITHM = 'aes-256-gcm'

export const VERSION_AT = 2
export const ALGORITHM_AT = 3
export const FLAGS_AT = 4
export const KEY_ID_AT = 5
export const SALT_AT = 9
export const COUNTER_AT = 25
export const HEADER_BYTES = 33
export const KEY_ID_BYTES = 4
export const SALT_BYTES = 16
export const COUNTER_BYTES = 8
export const NONCE_BYTES = 12
export const TAG_BYTES = 16

/** How many bytes longer a sealed value is than the value itself. */
export const ENVELOPE_OVERHEAD_BYTES: number = HEADER_BYTES + TAG_BYTES

/** Copies a few bytes. Below a hundred of them this costs a third of `Buffer.prototype.copy`'s call. */
export function copyBytes(source: Buffer, from: number, count: number, target: Buffer, to: number): void {
  for (let index = 0; index < count; index++) target[to + index] = source[from + index] ?? 0
}

/** True when two envelopes are of one session: same key id, same salt. Neither is secret. */
export function isSameSession(left: Buffer, right: Buffer): boolean {
  for (let at = KEY_ID_AT; at < COUNTER_AT; at++) if (left[at] !== right[at]) return false
  return true
}

/** What session keys are found by: key id and salt lie side by side, so one string of 20 characters does it. */
export function sessionIdOf(header: Buffer): string {
  return header.toString('latin1', KEY_ID_AT, COUNTER_AT)
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
  const { [VERSION_AT]: version, [ALGORITHM_AT]: algorithm, [FLAGS_AT]: flags } = value
  if (version !== undefined && version !== VERSION) throw unsupported('version', version)
  if (algorithm !== undefined && algorithm !== ALGORITHM_ID) throw unsupported('algorithm', algorithm)
  if (flags !== undefined && flags !== 0) throw unsupported('flags', flags)
  if (value.length < ENVELOPE_OVERHEAD_BYTES) {
    throw new MemkeepError(
      'ERR_MEMKEEP_ENVELOPE_TRUNCATED',
      `The value is cut off: ${String(value.length)} bytes, where an envelope has at least ${String(ENVELOPE_OVERHEAD_BYTES)}.`,
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
