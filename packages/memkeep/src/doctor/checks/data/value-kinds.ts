import { isUtf8 } from 'node:buffer'
import { MemkeepError } from '@memkeep/core'
import { describeEnvelope } from '@memkeep/encryption'
import { hasCardNumber } from './card-number.ts'
import { hasJwt } from './key-shapes.ts'

/** What a stored value is, for all that can be told without a key. */
export type ValueKind =
  | { readonly kind: 'envelope'; readonly keyId: string }
  /** It begins as an envelope does, and is cut off or of a kind that is not known here. */
  | { readonly kind: 'broken-envelope' }
  | { readonly kind: 'secret'; readonly secret: SecretKind }
  /** `counter`: decimal digits alone, as `incr` needs them. `foreign`: sealed by something else. */
  | { readonly kind: 'json' | 'text' | 'compressed' | 'counter' | 'foreign' | 'binary' }

/** Plaintext that nobody but its owner should read, the worst first. */
export const SECRET_KINDS = ['private-key', 'password', 'token', 'card'] as const
export type SecretKind = (typeof SECRET_KINDS)[number]

/** How much of a value is looked at. */
const LOOKED_AT = 65_536

/** Tells what a value is. Nothing of it is kept. */
export function kindOf(value: Buffer): ValueKind {
  try {
    return { kind: 'envelope', keyId: describeEnvelope(value).keyId }
  } catch (error) {
    if (!isForeign(error)) return { kind: 'broken-envelope' }
  }
  if (isCompressed(value)) return { kind: 'compressed' }
  const text = value.toString('latin1', 0, LOOKED_AT)
  if (SEALED_ELSEWHERE.some((pattern) => pattern.test(text))) return { kind: 'foreign' }
  // 20 digits and the spaces that `decr` leaves behind
  if (/^\d{1,20} *$/.test(text)) return { kind: 'counter' }
  const secret = secretIn(text)
  if (secret !== undefined) return { kind: 'secret', secret }
  if (isJson(value)) return { kind: 'json' }
  return { kind: isText(value) ? 'text' : 'binary' }
}

function isForeign(error: unknown): boolean {
  return error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_ENVELOPE_FOREIGN'
}

/** gzip (RFC 1952), zlib (RFC 1950), Zstandard (RFC 8878): whoever reads it reads what is in it. */
function isCompressed(value: Buffer): boolean {
  if (value.length < 6) return false
  const start = value.readUInt32BE(0)
  if (start >>> 8 === 0x1f8b08 || start === 0x28b52ffd) return true
  const zlib = start >>> 16
  // deflate with any window, and the check of its two bytes
  return (zlib & 0x0f00) === 0x0800 && zlib >>> 12 <= 7 && zlib % 31 === 0 && !isUtf8(value)
}

/** JWE in compact form (RFC 7516), Fernet, OpenSSL's enc, age. */
const SEALED_ELSEWHERE: readonly RegExp[] = [
  /^eyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/,
  /^gAAAAA[\w-]{60,}={0,2}$/,
  /^(?:Salted__|U2FsdGVkX1)/,
  /^age-encryption\.org\/v1\n/,
]

const SECRETS: Readonly<Record<SecretKind, (text: string) => boolean>> = {
  'private-key': (text) => /-----BEGIN (?:[A-Z]{2,20} ){0,2}PRIVATE KEY-----/.test(text),
  password: (text) => NAMED_PASSWORD.test(text) || PASSWORD_HASH.test(text),
  token: (text) => hasJwt(text) || NAMED_TOKEN.test(text) || KNOWN_TOKEN.test(text),
  card: hasCardNumber,
}

/** A field of JSON, of PHP's serialize or of a query string, with something in it. */
const NAMED_PASSWORD = field('pass(?:word|wd|phrase)?|pwd|(?:client|shared)?[_-]?secret')
const NAMED_TOKEN = field(
  '(?:access|refresh|id|auth|bearer|session|csrf|api)[_-]?token|api[_-]?key|secret[_-]?key|private[_-]?key',
)
/** bcrypt, scrypt, Argon2, SHA-crypt. */
const PASSWORD_HASH = /\$(?:2[abxy]\$\d\d|scrypt|argon2(?:id?|d)|[56])\$[\w./$=,+-]{20}/
/** Tokens that their issuers made to be recognised: AWS, GitHub, Stripe, Slack, Google. */
const KNOWN_TOKEN =
  /\b(?:AKIA|ASIA)[A-Z\d]{16}\b|\bgh[opsur]_[A-Za-z\d]{36}\b|\b[rs]k_live_[A-Za-z\d]{16}|\bxox[abposr]-[\w-]{10}|\bAIza[\w-]{35}\b/

function field(names: string): RegExp {
  return new RegExp(
    `"(?:${names})"\\s{0,4}(?::\\s{0,4}"[^"]|;s:[1-9])|(?:^|[?&\\s])(?:${names})=[^&\\s]`,
    'i',
  )
}

function secretIn(text: string): SecretKind | undefined {
  return SECRET_KINDS.find((kind) => SECRETS[kind](text))
}

function isJson(value: Buffer): boolean {
  if (value[0] !== 0x7b && value[0] !== 0x5b && value[0] !== 0x22) return false
  try {
    JSON.parse(value.toString('utf8'))
    return true
  } catch {
    return false
  }
}

/** UTF-8 without control characters but those of text. */
function isText(value: Buffer): boolean {
  return isUtf8(value) && !/[^\P{Cc}\s]/u.test(value.toString('utf8', 0, LOOKED_AT))
}
