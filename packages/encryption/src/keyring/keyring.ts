import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { MemkeepError } from '@memkeep/core'
import { formatKeyText, parseKeyText } from './key-text.ts'
import { importMasterKey, MASTER_KEY_BYTES, type MasterKey } from './master-key.ts'

type MasterKeys = readonly [MasterKey, ...MasterKey[]]

const HOW_TO_MAKE_ONE = `node --input-type=module -e "import { Keyring } from '@memkeep/encryption'; console.log(Keyring.generate().exportText())"`
const VARIABLE_NAME = /^\w+$/

let readMasterKeys: (keyring: Keyring) => MasterKeys

/** What {@link Keyring.describe} says of one key. */
export interface KeyDescription {
  /** 8 hex digits. */
  readonly id: string
  /** True for the one key that seals; the others only open. */
  readonly primary: boolean
}

/**
 * The keys that values are sealed and opened with: the first is primary and seals, all of them open.
 *
 * Printing a keyring (`util.inspect`, JSON, string) shows key ids only, which are not secret.
 *
 * @example
 * const keyring = Keyring.fromEnv() // MEMKEEP_KEYS='memkeep-key-v1:… memkeep-key-v1:…'
 */
export class Keyring {
  readonly #keys: MasterKeys

  private constructor(keys: readonly MasterKey[]) {
    const [primary, ...others] = keys
    if (primary === undefined) throw invalid(`The keyring holds no key. Make one: ${HOW_TO_MAKE_ONE}`)
    const positions = new Map<string, number>()
    for (const [index, { id }] of keys.entries()) {
      const earlier = positions.get(id)
      if (earlier !== undefined) {
        throw invalid(
          `Keys ${String(earlier)} and ${String(index + 1)} of the keyring are the same key or share the id ${id}. Leave one of them out.`,
        )
      }
      positions.set(id, index + 1)
    }
    this.#keys = [primary, ...others]
  }

  static {
    readMasterKeys = (keyring) => keyring.#keys
    Object.defineProperty(Keyring.prototype, inspect.custom, {
      value(this: Keyring) {
        return this.toString()
      },
    })
  }

  /** A keyring of one new random key. */
  static generate(): Keyring {
    return new Keyring([importMasterKey(randomBytes(MASTER_KEY_BYTES))])
  }

  /**
   * Reads one or several keys of the form `memkeep-key-v1:…`, separated by commas or white space. The first is
   * primary; the rest are for reading only.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`, which says which key is wrong and how, not what it is
   */
  static fromText(text: string): Keyring {
    if (typeof text !== 'string') throw new TypeError(`text must be a string, not ${typeof text}`)
    const entries = text.split(/[\s,]+/).filter((entry) => entry !== '')
    return new Keyring(entries.map((entry, index) => parseKeyText(entry, index + 1)))
  }

  /**
   * Reads the keys from an environment variable, in the form of {@link Keyring.fromText}.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`, also when the variable is unset or empty
   */
  static fromEnv(
    name = 'MEMKEEP_KEYS',
    env: Readonly<Record<string, string | undefined>> = process.env,
  ): Keyring {
    // a key given by mistake in the place of the name must not end up in a message
    if (!VARIABLE_NAME.test(name)) throw new TypeError('name must be the name of an environment variable')
    const text = env[name] ?? ''
    if (text.trim() === '') {
      throw invalid(`The environment variable ${name} holds no key. Make one: ${HOW_TO_MAKE_ONE}`)
    }
    try {
      return Keyring.fromText(text)
    } catch (error) {
      throw error instanceof MemkeepError ? invalid(`${name}: ${error.message}`) : error
    }
  }

  /** The ids of the keys, 8 hex digits each, the primary one's first. Not secret. */
  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id)
  }

  /** The id of the key that seals. Not secret. */
  get primaryId(): string {
    return this.#keys[0].id
  }

  /** The id of the key that a keyset pins for key names; undefined where none is pinned. */
  get nameKeyId(): string | undefined {
    return undefined
  }

  /**
   * The keys themselves as text for {@link Keyring.fromText}, separated by commas, the primary one first.
   *
   * **Secret**: whoever has this text reads and forges every value. Keep it out of logs.
   */
  exportText(): string {
    return this.#keys.map(formatKeyText).join(',')
  }

  /** The ids and which one is primary: what may be logged at a start. */
  describe(): readonly KeyDescription[] {
    return this.#keys.map(({ id }, index) => ({ id, primary: index === 0 }))
  }

  toJSON(): readonly KeyDescription[] {
    return this.describe()
  }

  toString(): string {
    const [primary, ...others] = this.ids
    return `Keyring(${[`${String(primary)} primary`, ...others].join(', ')})`
  }
}

/** The keys of a ring, for the ciphers of this package only. @throws TypeError for what is no keyring */
export function masterKeysOf(keyring: unknown): MasterKeys {
  if (!(keyring instanceof Keyring)) throw new TypeError('keyring must be a Keyring of @memkeep/encryption')
  return readMasterKeys(keyring)
}

function invalid(message: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_KEYRING', message)
}
