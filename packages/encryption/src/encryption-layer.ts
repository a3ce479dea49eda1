import {
  MemkeepError,
  type DecodedEntry,
  type Entry,
  type Middleware,
  type OpenedRecord,
  type RestrictedOperation,
  type StoredRecord,
} from '@memkeep/core'
import { canaryKey, verifyPeers, type CanaryCache, type PeerReport } from './canary.ts'
import { EnvelopeCipher, type EnvelopeCipherDescription } from './envelope/cipher.ts'
import { expiryOf, keyIdOf } from './envelope/layout.ts'
import { Failures, type FailureCount } from './failures.ts'
import { KeyNames } from './key-names.ts'
import type { Keyring } from './keyring/keyring.ts'
import type { LayerOptions } from './options.ts'
import { RecordCipher } from './record-cipher.ts'

/** What {@link EncryptionLayer.describe} says: how values are sealed, with which keys. Nothing in it is secret. */
export interface EncryptionDescription
  extends EnvelopeCipherDescription, Pick<LayerOptions, 'onFailure' | 'migration' | 'rewrap'> {
  /** The id of the key that names are hidden with; undefined when they are not hidden. */
  readonly nameKey: string | undefined
  /** Whether some keys are left plain. */
  readonly plainKeys: boolean
}

/** How often values were not what they should be, since the start. */
export interface EncryptionCounters {
  /** Values that did not open, by reason and key. */
  readonly failures: readonly FailureCount[]
  /** Plain values that were served, as `migration` allows. */
  readonly plaintextServed: number
}

/** The middleware that `encryption()` makes. */
export class EncryptionLayer implements Middleware {
  readonly name = 'encryption'
  readonly #options: LayerOptions
  readonly #keyring: Keyring
  readonly #cipher: EnvelopeCipher
  readonly #records: RecordCipher
  readonly #keyNames: KeyNames | undefined
  readonly #canaryKey: string
  /** The canary's key as each client that uses this layer writes it. */
  readonly #canaryNames = new Set<string>()
  readonly #failures = new Failures()
  /** Why the canary that was read last did not open. */
  #canaryFailure: MemkeepError | undefined
  #plaintextServed = 0

  constructor(options: LayerOptions) {
    const { cipher, keyNames } = options
    const { keyring, context = '' } = cipher
    this.#options = options
    this.#keyring = keyring
    this.#cipher = new EnvelopeCipher(cipher)
    this.#records = new RecordCipher(options)
    this.#keyNames = keyNames === undefined ? undefined : new KeyNames(keyring, context, keyNames)
    this.#canaryKey = canaryKey(context)
    this.usePrefix('')
  }

  /** Called by each client with its namespace; call it yourself for a store that puts something before its keys. */
  usePrefix(prefix: string): void {
    this.#canaryNames.add(prefix + this.#canaryKey)
  }

  /** The name that the server sees. */
  mapKey(key: string): string {
    return this.#keyNames === undefined || this.#isCanary(key) ? key : this.#keyNames.of(key)
  }

  encode(entry: Entry): Entry {
    // each field read once: the key that is checked is the key that is sealed
    const { key, value, flags, expiresAt } = entry
    if (this.#isPlain(key)) return entry
    if (this.#options.migration === 'write-plaintext' && !this.#isCanary(key)) return entry
    return { key, value: this.#cipher.seal({ key, value, flags, expiresAt }), flags, expiresAt }
  }

  decode(entry: Entry): DecodedEntry | undefined {
    const { key, value: sealed, flags } = entry
    if (this.#isPlain(key)) return entry
    const own = { key, value: sealed, flags }
    try {
      const value = this.#cipher.open(own)
      return { key, value, flags, expiresAt: expiryOf(sealed), stale: this.#isStale(sealed) }
    } catch (error) {
      if (!(error instanceof MemkeepError)) throw error
      return this.#refused(own, error)
    }
  }

  refuses(operation: RestrictedOperation, key: string): string | undefined {
    if (this.#isPlain(key)) return undefined
    if (operation !== 'touch' && operation !== 'getAndTouch') return REFUSED_ON_SEALED
    return (this.#options.cipher.bindExpiry ?? false) === false ? undefined : REFUSED_ON_BOUND
  }

  sealRecord(record: StoredRecord): Buffer {
    return this.#records.seal(record)
  }

  openRecord(record: StoredRecord): OpenedRecord {
    return this.#records.open(record)
  }

  /** As {@link EnvelopeCipher.newSession}: for processes that were cloned or resumed from a snapshot. */
  newSession(): void {
    this.#cipher.newSession()
    this.#records.newSession()
  }

  /**
   * Tells whether the services that share a cache have keys that fit: reads what the one that was here last left
   * under the key `memkeep-canary` (sealed, for a day), and leaves word of this one's key ids. Services of one
   * context are asked for; each calls it at its start, and whenever keys were changed.
   *
   * @param cache a client that has this layer among its middleware
   * @throws what the cache throws
   */
  verifyPeers(cache: CanaryCache): Promise<PeerReport> {
    return verifyPeers(cache, this.#canaryKey, this.#keyring, () => {
      const failure = this.#canaryFailure
      this.#canaryFailure = undefined
      return failure
    })
  }

  /** What did not open, and what was served plain, since the start. */
  get counters(): EncryptionCounters {
    return { failures: this.#failures.counts, plaintextServed: this.#plaintextServed }
  }

  /** How values are sealed, and with which keys: what may be logged at a start. */
  describe(): EncryptionDescription {
    const { onFailure, migration, rewrap, plainKeys } = this.#options
    return {
      ...this.#cipher.describe(),
      nameKey: this.#keyNames?.keyId,
      onFailure,
      migration,
      rewrap,
      plainKeys: plainKeys !== undefined,
    }
  }

  /** The same as one line. */
  toString(): string {
    const { algorithm, context, keys, ...rest } = this.describe()
    const ids = keys.map(({ id, primary }) => (primary ? `${id} (primary)` : id))
    const others = Object.entries(rest).flatMap(([name, value]) =>
      value === undefined || value === false ? [] : [`${name} ${JSON.stringify(value)}`],
    )
    return [
      `encryption: ${algorithm}`,
      `context ${JSON.stringify(context)}`,
      `keys ${ids.join(' ')}`,
      ...others,
    ].join(', ')
  }

  #refused(entry: Entry, error: MemkeepError): DecodedEntry | undefined {
    const isCanary = this.#isCanary(entry.key)
    const servesPlaintext = this.#options.migration !== 'strict' && !isCanary
    if (error.code === 'ERR_MEMKEEP_ENVELOPE_FOREIGN' && servesPlaintext) {
      this.#plaintextServed++
      return entry
    }
    this.#failures.tell(error, entry.value)
    if (this.#options.onFailure === 'throw') throw error
    if (isCanary) this.#canaryFailure = error
    return undefined
  }

  #isPlain(key: string): boolean {
    return this.#options.plainKeys?.(key) === true && !this.#isCanary(key)
  }

  #isStale(sealed: Buffer): boolean {
    return this.#options.rewrap && keyIdOf(sealed) !== this.#keyring.primaryId
  }

  /** Whether it is the canary of a client that uses this layer. It is sealed whatever the options say. */
  #isCanary(key: string): boolean {
    return this.#canaryNames.has(key)
  }
}

const REFUSED_ON_SEALED =
  'it would change the bytes of a sealed value: read the value, change it, and store it with cas(), or name the key in plainKeys'
const REFUSED_ON_BOUND = 'a bound expiry cannot be changed: store the value anew with set()'
