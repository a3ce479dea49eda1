import type { EnvelopeAlgorithm } from './algorithms.ts'

// node:crypto takes at most 1,024 bytes of HKDF info; a name needs far less, and longer labels stay possible
const MAX_CONTEXT_BYTES = 256

/**
 * The bytes of a context, refused when it is no string that could be told from every other one.
 *
 * @throws TypeError, RangeError
 */
export function contextBytes(context: unknown): Buffer {
  if (typeof context !== 'string') {
    throw new TypeError(`context must be a string, not ${context === null ? 'null' : typeof context}`)
  }
  if (!context.isWellFormed()) {
    throw new TypeError('context must be well-formed: it has half of a surrogate pair')
  }
  const bytes = Buffer.from(context, 'utf8')
  if (bytes.length > MAX_CONTEXT_BYTES) {
    throw new RangeError(
      `context must be at most ${String(MAX_CONTEXT_BYTES)} bytes of UTF-8, not ${String(bytes.length)}`,
    )
  }
  return bytes
}

/** The HKDF info that parts session keys by algorithm and context. */
export function sessionInfo(algorithm: EnvelopeAlgorithm, context: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`memkeep/v1/${algorithm}/`), context])
}
