import { hasCardNumber } from './card-number.ts'

/** What the name of a key looks like, what is most private first. */
export const KEY_SHAPES = ['card', 'token', 'email', 'phone', 'uuid', 'hash', 'number', 'other'] as const
export type KeyShape = (typeof KEY_SHAPES)[number]

/** How many names look like what. */
export type ShapeCounts = Readonly<Record<KeyShape, number>>

const WORDS: Readonly<Record<KeyShape, readonly [one: string, many: string]>> = {
  card: ['holds what looks like a card number', 'hold what look like card numbers'],
  token: ['holds what looks like a session or access token', 'hold what look like session or access tokens'],
  email: ['holds an e-mail address', 'hold e-mail addresses'],
  phone: ['holds what looks like a phone number', 'hold what look like phone numbers'],
  uuid: ['holds a UUID', 'hold UUIDs'],
  hash: ['ends with what may be a hash', 'end with what may be hashes'],
  number: ['holds a number as an id', 'hold numbers as ids'],
  other: ['is none of what is looked for', 'are none of what is looked for'],
}

const PATTERNS: readonly (readonly [KeyShape, (name: string) => boolean])[] = [
  ['card', hasCardNumber],
  ['token', (name) => hasJwt(name) || NAMED_TOKEN.test(name)],
  ['email', (name) => EMAIL.test(name)],
  ['phone', (name) => PHONE.test(name)],
  ['uuid', (name) => UUID.test(name)],
  ['hash', (name) => HASH.test(name)],
  ['number', (name) => NUMBER.test(name)],
]

/** A word that says what follows: `sess:`, `session/`, `access_token-`, and 16 characters, three digits among them. */
const NAMED_TOKEN =
  /(?:^|[^a-z])(?:sess(?:ion)?s?|sid|tokens?|auth|jwt|csrf|xsrf|api[_-]?keys?|bearer)(?:[_-]?id)?[^a-z0-9]{1,3}(?=(?:[a-z_-]{0,80}\d){3})[a-z0-9_-]{16,}/i
const EMAIL =
  /[a-z0-9][a-z0-9._+-]{0,63}(?:@|%40)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}\.[a-z]{2,24}(?![a-z])/i
/** E.164, or digits that are named. */
const PHONE =
  /(?:^|[^\w+])\+[1-9]\d{7,14}(?!\d)|(?:^|[^a-z])(?:phone|tel|mobile|msisdn)[^a-z0-9]{1,2}\d{8,15}(?!\d)/i
const UUID = /(?:^|[^\da-f])[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?![\da-f])/i
const NUMBER = /(?:^|[^a-z\d])\d{1,20}(?:$|[^a-z\d])/i
/** 32 characters as `keyNames: 'hmac'` makes them, or a hash in hexadecimal. */
const HASH = /(?:^|[^\w-])(?:[\w-]{32}|[\da-f]{40}|[\da-f]{64})$/i

/** What one name looks like. */
export function shapeOf(name: Buffer): KeyShape {
  const text = name.toString('latin1', 0, 250)
  return PATTERNS.find(([, matches]) => matches(text))?.[0] ?? 'other'
}

/** How many of the names look like what. The names themselves are not kept. */
export function shapesOf(names: readonly Buffer[]): ShapeCounts {
  const counts = Object.fromEntries(KEY_SHAPES.map((shape) => [shape, 0])) as Record<KeyShape, number>
  for (const name of names) counts[shapeOf(name)]++
  return counts
}

/** Names in words: `20, of which 3 hold e-mail addresses`. */
export function describeShapes(names: readonly Buffer[]): string {
  const said = describeCounts(
    shapesOf(names),
    KEY_SHAPES.filter((shape) => shape !== 'other'),
  )
  return said === '' ? String(names.length) : `${String(names.length)}, of which ${said}`
}

/** Some of the counts in words: `3 hold e-mail addresses, 1 holds a UUID`. */
export function describeCounts(counts: ShapeCounts, shapes: readonly KeyShape[]): string {
  return shapes
    .filter((shape) => counts[shape] > 0)
    .map((shape) => `${String(counts[shape])} ${WORDS[shape][counts[shape] === 1 ? 0 : 1]}`)
    .join(', ')
}

/** Whether a text holds a JSON Web Token in compact form: its header and claims are JSON (RFC 7519, section 3.1). */
export function hasJwt(text: string): boolean {
  return /(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{2,}\.[\w-]{0,2000}/.test(text)
}
