import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { copyBytes } from '../bytes.ts'
import { TAG_BYTES, type Aead, type AeadKey } from './aead.ts'

type NodeAlgorithm = 'aes-256-gcm' | 'chacha20-poly1305'

/** Both are called alike, but declared apart: what is declared for one is used for both. */
type CalledAs = 'aes-256-gcm'

const TAG_LENGTH = { authTagLength: TAG_BYTES }

/** An algorithm of `node:crypto`. */
export function nodeAead(algorithm: NodeAlgorithm): Aead {
  return { algorithm, nonceBytes: 12, importKey: (bytes) => new NodeAeadKey(algorithm, bytes) }
}

/** Read before the next call can come: to copy a tag costs less than a view of it. */
const tag = Buffer.alloc(TAG_BYTES)

class NodeAeadKey implements AeadKey {
  readonly #algorithm: CalledAs
  readonly #key: KeyObject

  constructor(algorithm: NodeAlgorithm, bytes: Buffer) {
    this.#algorithm = algorithm as CalledAs
    this.#key = createSecretKey(bytes)
    bytes.fill(0)
  }

  seal(nonce: Buffer, associatedData: Buffer, plain: Buffer, sealed: Buffer, at: number): void {
    const cipher = createCipheriv(this.#algorithm, this.#key, nonce, TAG_LENGTH)
    cipher.setAAD(associatedData)
    sealed.set(cipher.update(plain), at)
    cipher.final()
    sealed.set(cipher.getAuthTag(), sealed.length - TAG_BYTES)
  }

  open(nonce: Buffer, associatedData: Buffer, sealed: Buffer, at: number): Buffer | undefined {
    const tagAt = sealed.length - TAG_BYTES
    copyBytes(sealed, tagAt, TAG_BYTES, tag, 0)
    const decipher = createDecipheriv(this.#algorithm, this.#key, nonce, TAG_LENGTH)
    decipher.setAAD(associatedData)
    decipher.setAuthTag(tag)
    // a buffer of its own, and nobody's until the tag is verified
    const plain = decipher.update(sealed.subarray(at, tagAt))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return plain
  }
}
