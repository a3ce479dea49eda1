import type { MasterKey } from '../keyring/master-key.ts'
import { copyBytes } from './bytes.ts'
import type { Aead, AeadKey } from './ciphers/aead.ts'
import { sessionInfo } from './context.ts'
import { COUNTER_AT, COUNTER_BYTES, isSameSession, SALT_AT } from './layout.ts'
import { ReaderKeys } from './reader-keys.ts'
import { deriveSessionKey, saltsNonce, type Session } from './session.ts'

/** Opens envelopes of one algorithm, and keeps the keys that did. */
export class Reader {
  readonly #aead: Aead
  readonly #info: Buffer
  readonly #keys: ReaderKeys
  readonly #nonce: Buffer
  /** Salt and counter, or the counter alone: the nonce is these last bytes before the expiry. */
  readonly #nonceBytes: number

  constructor(aead: Aead, context: Buffer, keys: ReaderKeys = new ReaderKeys(saltsNonce(aead))) {
    this.#aead = aead
    this.#info = sessionInfo(aead.algorithm, context)
    this.#keys = keys
    this.#nonce = Buffer.alloc(aead.nonceBytes)
    this.#nonceBytes = saltsNonce(aead) ? aead.nonceBytes : COUNTER_BYTES
  }

  /**
   * The content of an envelope, or undefined when its tag does not verify.
   *
   * @param at where the ciphertext begins
   * @param own the session of this process: its key is at hand without a derivation
   */
  open(
    sealed: Buffer,
    at: number,
    associatedData: Buffer,
    masterOf: (sealed: Buffer) => MasterKey,
    own: Session | undefined,
  ): Buffer | undefined {
    const nonce = this.#nonceOf(sealed)
    if (own !== undefined && isSameSession(own.header, sealed)) {
      return own.key.open(nonce, associatedData, sealed, at)
    }
    const known = this.#keys.find(sealed)
    if (known !== undefined) return known.open(nonce, associatedData, sealed, at)
    const key = this.#derive(masterOf(sealed), sealed)
    const content = key.open(nonce, associatedData, sealed, at)
    if (content !== undefined) this.#keys.remember(sealed, key)
    return content
  }

  #nonceOf(sealed: Buffer): Buffer {
    const nonce = this.#nonce
    const bytes = this.#nonceBytes
    copyBytes(sealed, COUNTER_AT + COUNTER_BYTES - bytes, bytes, nonce, nonce.length - bytes)
    return nonce
  }

  #derive(master: MasterKey, sealed: Buffer): AeadKey {
    return deriveSessionKey(this.#aead, master, sealed.subarray(SALT_AT, COUNTER_AT), this.#info)
  }
}
