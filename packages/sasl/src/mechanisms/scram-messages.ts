import { fault } from './faults.ts'
import type { ScramName } from './mechanism.ts'

/** The server's first message (RFC 5802, section 7). */
export interface ServerFirst {
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

/** The server's last message: its proof, or the error that it tells. */
export type ServerFinal = { readonly signature: Buffer } | { readonly error: string }

/** RFC 4648, section 4, canonical. */
const BASE64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?'
/** `r=`, `s=`, `i=`, and extensions that may be ignored. A nonce is printable without commas. */
const FIRST = new RegExp(
  `^r=([\\x21-\\x2b\\x2d-\\x7e]+),s=(${BASE64}),i=([1-9]\\d{0,9})(?:,[A-Za-z]=[^\\0,]+)*$`,
)
const FINAL = new RegExp(`^(?:v=(${BASE64})|e=([a-z0-9-]{1,64}))(?:,[A-Za-z]=[^\\0,]+)*$`, 'i')
const MAX_MESSAGE_LENGTH = 4096

/**
 * Reads the server's first message.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_EXTENSION_UNSUPPORTED` for a mandatory extension, of which none is known;
 * `ERR_MEMKEEP_AUTH_MALFORMED_CHALLENGE` for what is no such message
 */
export function readFirst(name: ScramName, message: string): ServerFirst {
  if (message.startsWith('m=')) {
    throw fault('ERR_MEMKEEP_AUTH_EXTENSION_UNSUPPORTED', name, 'demands an extension that is not known here')
  }
  const parts = message.length > MAX_MESSAGE_LENGTH ? null : FIRST.exec(message)
  const [, nonce = '', salt = '', iterations = ''] = parts ?? []
  if (parts === null || salt === '') throw malformed(name)
  return { nonce, salt: Buffer.from(salt, 'base64'), iterations: Number(iterations) }
}

/**
 * Reads the server's last message.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_MALFORMED_CHALLENGE` for what is no such message
 */
export function readFinal(name: ScramName, message: string): ServerFinal {
  const parts = message.length > MAX_MESSAGE_LENGTH ? null : FINAL.exec(message)
  const [, signature, error] = parts ?? []
  if (error !== undefined) return { error }
  if (signature === undefined) throw malformed(name)
  return { signature: Buffer.from(signature, 'base64') }
}

function malformed(name: ScramName): Error {
  return fault('ERR_MEMKEEP_AUTH_MALFORMED_CHALLENGE', name, 'sent a challenge that is none')
}
