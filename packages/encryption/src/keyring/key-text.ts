import { createHash, timingSafeEqual } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import { importMasterKey, MASTER_KEY_BYTES, type MasterKey } from './master-key.ts'

const PREFIX = 'memkeep-key-v1:'
const CHECKSUM_BYTES = 4
// 36 bytes fill 48 characters to the last bit, so every key has one spelling only
const TEXT_CHARACTERS = ((MASTER_KEY_BYTES + CHECKSUM_BYTES) / 3) * 4
const BASE64URL = /^[A-Za-z0-9_-]*$/

/** `memkeep-key-v1:` and the base64url of the key's 32 bytes and 4 bytes of checksum. */
export function formatKeyText(master: MasterKey): string {
  const bytes = master.key.export()
  const whole = Buffer.concat([bytes, checksum(bytes)])
  const text = PREFIX + whole.toString('base64url')
  bytes.fill(0)
  whole.fill(0)
  return text
}

/**
 * Reads one key. `position` counts from 1; a message names it and the fault, and repeats nothing of the text.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function parseKeyText(text: string, position: number): MasterKey {
  if (!text.startsWith(PREFIX)) throw malformed(position, `does not start with ${PREFIX}`)
  const encoded = text.slice(PREFIX.length)
  if (encoded.length !== TEXT_CHARACTERS) {
    const found = String(encoded.length)
    throw malformed(
      position,
      `has ${found} characters after ${PREFIX} instead of ${String(TEXT_CHARACTERS)}: was it cut off, or are two keys joined?`,
    )
  }
  // Node's decoder would skip or reinterpret what is not base64url
  if (!BASE64URL.test(encoded)) throw malformed(position, 'has characters that are not base64url')
  const whole = Buffer.from(encoded, 'base64url')
  const bytes = whole.subarray(0, MASTER_KEY_BYTES)
  if (!timingSafeEqual(checksum(bytes), whole.subarray(MASTER_KEY_BYTES))) {
    whole.fill(0)
    throw malformed(position, 'has a wrong checksum: a character was changed; copy it again')
  }
  return importMasterKey(bytes)
}

function checksum(bytes: Buffer): Buffer {
  return createHash('sha256').update(PREFIX).update(bytes).digest().subarray(0, CHECKSUM_BYTES)
}

function malformed(position: number, what: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_KEYRING', `Key ${String(position)} of the keyring ${what}.`)
}
