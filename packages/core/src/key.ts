import { MemkeepError } from './errors.ts'

/** The longest key that memcached takes, in bytes (`KEY_MAX_LENGTH` in its `protocol.txt`). */
export const MAX_KEY_BYTES = 250

const SPACE = 0x20
const DELETE = 0x7f

/**
 * Refuses every key that memcached would not take as one whole key, before a byte of it reaches a socket: a
 * space or line feed in a key would end it early and turn the rest into a command of an attacker's choice.
 *
 * A key is 1 to 250 bytes of UTF-8 without spaces and control characters (memcached's `protocol.txt`, "Keys").
 * The message never repeats the key, which may itself be private.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEY`
 */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') {
    throw invalid(`must be a string, not ${key === null ? 'null' : typeof key}`)
  }
  if (key.length === 0) throw invalid('is empty')
  let ascii = true
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at)
    if (code <= SPACE || code === DELETE) {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
      throw invalid(`has a space or control character (${name}) at index ${String(at)}`)
    }
    if (code > DELETE) ascii = false
  }
  if (!ascii && !key.isWellFormed()) throw invalid('has half of a surrogate pair, which UTF-8 cannot carry')
  const bytes = ascii ? key.length : Buffer.byteLength(key)
  if (bytes > MAX_KEY_BYTES) throw invalid(`is ${String(bytes)} bytes long`)
}

function invalid(what: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_INVALID_KEY',
    `The key ${what}. Use 1 to ${String(MAX_KEY_BYTES)} bytes of UTF-8 without spaces and control characters, or a hash of the key.`,
  )
}
