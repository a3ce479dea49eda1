import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { assertKey } from '@memkeep/core'
import { readOwnOptions } from '@memkeep/core/internal'
import { contextBytes } from './envelope/context.ts'
import { invalidKeyring } from './keyring/invalid-keyring.ts'
import { masterKeysOf, type Keyring } from './keyring/keyring.ts'

/** How key names are hidden. */
export interface KeyNameOptions {
  /**
   * The id of the ring's key that names are made with, whichever key seals: another one would make every name
   * another, and lose the cache. Default: the one that the keyset pins, else the only key of a ring of one.
   */
  readonly nameKey?: string
  /** Put before each name as it is, for people who look at the server: `'billing:'`. Default: nothing. */
  readonly prefix?: string
}

const NAME_CHARACTERS = 32
const NAME_KEY_BYTES = 32
const NO_SALT = Buffer.alloc(0)

/**
 * Key names as the server sees them: a prefix and 32 characters, the base64url of the first 24 bytes of
 * HMAC-SHA-256(name key, UTF-8 of the logical key). The name key is HKDF-SHA-256(master key, no salt, info
 * `memkeep/v1/key-names/` and the context).
 */
export class KeyNames {
  readonly #keyring: Keyring
  readonly #info: Buffer
  readonly #prefix: string
  readonly #pinned: string | undefined
  /** What an unpinned ring of one had at the start: keys that come later must not change the names. */
  readonly #first: string
  #madeFrom: string | undefined
  #key: KeyObject | undefined

  /**
   * @throws TypeError, RangeError for wrong options
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING` when the ring does not have the key, or it is not told which
   */
  constructor(keyring: Keyring, context: string, options: KeyNameOptions) {
    const { nameKey, prefix = '' } = readOwnOptions('keyNames', options, ['nameKey', 'prefix'])
    if (nameKey !== undefined && typeof nameKey !== 'string')
      throw new TypeError('nameKey must be the id of a key')
    if (typeof prefix !== 'string') throw new TypeError('prefix must be a string')
    assertKey(prefix + 'x'.repeat(NAME_CHARACTERS))
    this.#keyring = keyring
    this.#info = Buffer.concat([Buffer.from('memkeep/v1/key-names/'), contextBytes(context)])
    this.#prefix = prefix
    this.#pinned = nameKey
    const [first, ...others] = masterKeysOf(keyring)
    this.#first = first.id
    if (others.length > 0 && this.#pinnedId === undefined) {
      throw invalidKeyring(
        `The ring has several keys, and names must be made with the same one always: say with which, as keyNames: { nameKey: '${first.id}' } or in the keyset.`,
      )
    }
    this.#nameKey()
  }

  /** The id of the key that names are made with. */
  get keyId(): string {
    return this.#pinnedId ?? this.#first
  }

  /** The name on the server of a logical key. */
  of(key: string): string {
    if (!key.isWellFormed()) throw new TypeError('key has half of a surrogate pair')
    const digest = createHmac('sha256', this.#nameKey()).update(key).digest('base64url')
    return this.#prefix + digest.slice(0, NAME_CHARACTERS)
  }

  get #pinnedId(): string | undefined {
    return this.#pinned ?? this.#keyring.nameKeyId
  }

  #nameKey(): KeyObject {
    const id = this.keyId
    if (this.#key !== undefined && this.#madeFrom === id) return this.#key
    const master = masterKeysOf(this.#keyring).find((each) => each.id === id)
    if (master === undefined) {
      throw invalidKeyring(
        `Names are made with key ${id}, which this ring does not have: it has ${this.#keyring.ids.join(', ')}. Put the key back, or pin another on purpose, which starts with an empty cache.`,
      )
    }
    const bytes = Buffer.from(hkdfSync('sha256', master.key, NO_SALT, this.#info, NAME_KEY_BYTES))
    const key = createSecretKey(bytes)
    bytes.fill(0)
    this.#key = key
    this.#madeFrom = id
    return key
  }
}
