import { asBuffer, describeNoBytes } from '@memkeep/core/internal'
import { algorithmOf, type EnvelopeAlgorithm } from './algorithms.ts'
import { TAG_BYTES } from './ciphers/aead.ts'
import {
  ALGORITHM_AT,
  assertLayout,
  COMPRESSED,
  COUNTER_AT,
  expiryOf,
  FLAGS_AT,
  headerBytes,
  KEY_ID_AT,
  PADDED,
  SALT_AT,
  VERSION_AT,
} from './layout.ts'

/** What an envelope's header says. None of it is secret, and none of it is verified: for that a key is needed. */
export interface EnvelopeDescription {
  readonly version: number
  readonly algorithm: EnvelopeAlgorithm
  /** The id of the key that it says it was sealed with: 8 hex digits. */
  readonly keyId: string
  readonly compressed: boolean
  readonly padded: boolean
  /** The end that it is bound to; undefined where it has none, or one that no `Date` can hold. */
  readonly expiresAt: Date | undefined
  /** The salt of the session that it was sealed in: 32 hex digits. */
  readonly salt: string
  /** How many values that session had sealed before. */
  readonly counter: bigint
  /** 33, or 41 with an expiry. */
  readonly headerBytes: number
  /** Bytes of ciphertext: as long as what was sealed, after compression and padding. */
  readonly contentBytes: number
}

/**
 * Reads the header of a sealed value without any key, as of one that was found in a cache.
 *
 * @throws MemkeepError `ERR_MEMKEEP_ENVELOPE_FOREIGN`, `ERR_MEMKEEP_ENVELOPE_UNSUPPORTED` or
 * `ERR_MEMKEEP_ENVELOPE_TRUNCATED` for what is no whole envelope; TypeError for what are no bytes
 */
export function describeEnvelope(value: Uint8Array): EnvelopeDescription {
  const sealed = asBuffer(value)
  if (sealed === undefined) {
    throw new TypeError(`value must be a Buffer or a Uint8Array, not ${describeNoBytes(value)}`)
  }
  assertLayout(sealed)
  const flags = sealed.readUInt8(FLAGS_AT)
  const expiresAt = new Date(expiryOf(sealed) ?? NaN)
  return {
    version: sealed.readUInt8(VERSION_AT),
    algorithm: algorithmOf(sealed.readUInt8(ALGORITHM_AT)),
    keyId: sealed.toString('hex', KEY_ID_AT, SALT_AT),
    compressed: (flags & COMPRESSED) !== 0,
    padded: (flags & PADDED) !== 0,
    expiresAt: Number.isNaN(expiresAt.getTime()) ? undefined : expiresAt,
    salt: sealed.toString('hex', SALT_AT, COUNTER_AT),
    counter: sealed.readBigUInt64BE(COUNTER_AT),
    headerBytes: headerBytes(flags),
    contentBytes: sealed.length - headerBytes(flags) - TAG_BYTES,
  }
}
