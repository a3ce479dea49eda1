import type { EnvelopeAlgorithm } from '../algorithms.ts'

/** Bytes of a key, of every algorithm. */
export const AEAD_KEY_BYTES = 32
/** Bytes of a tag, of every algorithm. */
export const TAG_BYTES = 16

/** An algorithm of authenticated encryption with associated data (RFC 5116), with a tag of 16 bytes. */
export interface Aead {
  readonly algorithm: EnvelopeAlgorithm
  readonly nonceBytes: number
  /** Takes the 32 bytes of a key and wipes them. */
  importKey(bytes: Buffer): AeadKey
}

/** A key of one algorithm. */
export interface AeadKey {
  /** Writes ciphertext and tag into `sealed`, from `at` to its end: 16 bytes more than `plain` has. */
  seal(nonce: Buffer, associatedData: Buffer, plain: Buffer, sealed: Buffer, at: number): void
  /** What `sealed` holds from `at` to its end, as new memory, or undefined when the tag does not verify. */
  open(nonce: Buffer, associatedData: Buffer, sealed: Buffer, at: number): Buffer | undefined
}
