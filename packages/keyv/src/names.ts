import { createHash } from 'node:crypto'

/** Before a name that is a digest. */
const DIGEST_MARK = 'sha256-'
/** Before the key of the record of a namespace. */
const RECORD_MARK = 'memkeep-namespace:'
/** What no name of a user begins with: such a name becomes a digest, so that none is two things. */
const RESERVED = /^(?:sha256-|memkeep-namespace)/
/** How the name of a key in a namespace begins, which that of a key without a namespace never does. */
const VERSIONED = /^[^:]{1,60}:[0-9a-z]{9}[\w-]{8}:/
/** The most bytes of a name as it was written: 250 are memcached's, and the client's namespace needs some. */
const MAX_NAME_BYTES = 180
/** The most bytes of a namespace as it was written. */
const MAX_NAMESPACE_BYTES = 60
/** What memcached takes in a key, as far as ASCII goes; the rest of Unicode is measured. */
const PLAIN = /^[!-~]+$/

/**
 * The key that memcached gets for a key of Keyv's, which may be any string: the key itself where memcached takes it,
 * else its SHA-256. Two keys never share a name, and no key has that of a record.
 *
 * @param namespace as {@link namespaceName} made it, with its version; undefined: none
 */
export function keyName(
  key: string,
  namespace?: { readonly name: string; readonly version: string },
): string {
  if (namespace === undefined) return VERSIONED.test(key) ? digest(key) : nameOf(key, MAX_NAME_BYTES)
  const prefix = `${namespace.name}:${namespace.version}:`
  return prefix + nameOf(key, MAX_NAME_BYTES - prefix.length)
}

/** The key of the record that holds the version of a namespace. @param name as {@link namespaceName} made it */
export function recordKey(name: string): string {
  return RECORD_MARK + name
}

/** A namespace as it stands in names: itself where it is short and has no colon, else its SHA-256. */
export function namespaceName(namespace: string): string {
  return namespace.includes(':') ? digest(namespace) : nameOf(namespace, MAX_NAMESPACE_BYTES)
}

function nameOf(text: string, most: number): string {
  return PLAIN.test(text) && text.length <= most && !RESERVED.test(text) ? text : digest(text)
}

/** Of the UTF-16 code units: UTF-8 would make one of all halves of surrogate pairs. */
function digest(text: string): string {
  return DIGEST_MARK + createHash('sha256').update(text, 'utf16le').digest('base64url')
}
