import { createHash } from 'node:crypto'

/** Before a name that is a digest. A name that begins so by itself becomes a digest too, so that none is two things. */
const DIGEST_MARK = 'sha256-'
/** The most bytes of a name as it was written: 250 are memcached's, and the client's namespace needs some. */
const MAX_NAME_BYTES = 180
/** The most bytes of a namespace as it was written. */
const MAX_NAMESPACE_BYTES = 60
/** What memcached takes in a key, as far as ASCII goes; the rest of Unicode is measured. */
const PLAIN = /^[!-~]+$/

/**
 * The key that memcached gets for a key of Keyv's, which may be any string: the key itself where memcached takes it,
 * else its SHA-256. Two keys never share a name.
 *
 * @param namespace as {@link namespaceName} made it, with its generation; undefined: none
 */
export function keyName(
  key: string,
  namespace?: { readonly name: string; readonly generation: string },
): string {
  const prefix = namespace === undefined ? '' : `${namespace.name}:${namespace.generation}:`
  return prefix + nameOf(key, MAX_NAME_BYTES - prefix.length)
}

/** A namespace as it stands in names: itself where it is short and has no colon, else its SHA-256. */
export function namespaceName(namespace: string): string {
  return namespace.includes(':') ? digest(namespace) : nameOf(namespace, MAX_NAMESPACE_BYTES)
}

function nameOf(text: string, most: number): string {
  return PLAIN.test(text) && text.length <= most && !text.startsWith(DIGEST_MARK) ? text : digest(text)
}

/** Of the UTF-16 code units: UTF-8 would make one of all halves of surrogate pairs. */
function digest(text: string): string {
  return DIGEST_MARK + createHash('sha256').update(text, 'utf16le').digest('base64url')
}
