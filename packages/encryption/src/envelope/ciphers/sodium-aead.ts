import { createRequire } from 'node:module'
import { AEAD_KEY_BYTES, TAG_BYTES, type Aead, type AeadKey } from './aead.ts'

/** What is used of `sodium-native`: its functions are those of libsodium. */
export interface Sodium {
  /** Guarded memory, kept out of swap and core dumps. */
  sodium_malloc(bytes: number): Buffer
  crypto_aead_xchacha20poly1305_ietf_encrypt(
    sealed: Buffer,
    plain: Buffer,
    associatedData: Buffer,
    secretNonce: null,
    nonce: Buffer,
    key: Buffer,
  ): number
  /** Throws when the tag does not verify. */
  crypto_aead_xchacha20poly1305_ietf_decrypt(
    plain: Buffer,
    secretNonce: null,
    sealed: Buffer,
    associatedData: Buffer,
    nonce: Buffer,
    key: Buffer,
  ): number
}

/** XChaCha20-Poly1305 of `sodium-native`. @throws what loading it throws */
export function sodiumAead(load: (name: string) => unknown = createRequire(import.meta.url)): Aead {
  const sodium = load('sodium-native') as Sodium
  return {
    algorithm: 'xchacha20-poly1305',
    nonceBytes: 24,
    importKey: (bytes) => new SodiumAeadKey(sodium, bytes),
  }
}

class SodiumAeadKey implements AeadKey {
  readonly #sodium: Sodium
  readonly #key: Buffer

  constructor(sodium: Sodium, bytes: Buffer) {
    this.#sodium = sodium
    this.#key = sodium.sodium_malloc(AEAD_KEY_BYTES)
    this.#key.set(bytes)
    bytes.fill(0)
  }

  seal(nonce: Buffer, associatedData: Buffer, plain: Buffer, sealed: Buffer, at: number): void {
    this.#sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed.subarray(at),
      plain,
      associatedData,
      null,
      nonce,
      this.#key,
    )
  }

  open(nonce: Buffer, associatedData: Buffer, sealed: Buffer, at: number): Buffer | undefined {
    const plain = Buffer.allocUnsafe(sealed.length - at - TAG_BYTES)
    try {
      this.#sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain,
        null,
        sealed.subarray(at),
        associatedData,
        nonce,
        this.#key,
      )
    } catch {
      return undefined
    }
    return plain
  }
}
