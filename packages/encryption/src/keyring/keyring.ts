import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { MemkeepError } from '@memkeep/core'
import { FileWatch, readOwnOptions, quoteVariable } from '@memkeep/core/internal'
import { readKeyFile, type KeyFileOptions } from './file-source.ts'
import { invalidKeyring } from './invalid-keyring.ts'
import { formatKeyText } from './key-text.ts'
import { parseKeyset, ringOfKeyset, type Keyset } from './keyset.ts'
import { importMasterKey, MASTER_KEY_BYTES } from './master-key.ts'
import { parseText } from './parse-keys.ts'
import { ringOfPassphrase, type PassphraseOptions } from './passphrase.ts'
import { askKeyProvider, type KeyProvider, type KeyProviderOptions } from './provider-source.ts'
import { HOW_TO_MAKE_ONE, isSameRing, makeRing, type MasterKeys, type Ring } from './ring.ts'
import { warnOfPassphrase, warnOfReload } from './warnings.ts'

const VARIABLE_NAME = /^\w+$/
const REFRESH_INTERVAL = 300_000
const PROVIDER_TIMEOUT = 10_000
/** The longest delay of a Node timer, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1

let readMasterKeys: (keyring: Keyring) => MasterKeys

/** What {@link Keyring.describe} says of one key. */
export interface KeyDescription {
  /** 8 hex digits. */
  readonly id: string
  /** True for the one key that seals; the others only open. */
  readonly primary: boolean
}

/** The events of a {@link Keyring} that reads its keys again. */
export interface KeyringEvents {
  /** Other keys were loaded, and are in use. */
  reload: [readonly KeyDescription[]]
  /** Keys could not be loaded: those of before stay in use. A process warning where nobody listens. */
  reloadFailed: [Error]
}

/** How a keyring reads its keys again. */
interface Source {
  readonly read: () => Ring | Promise<Ring>
  /** Ends looking for changes. */
  readonly stop: () => void
}

/**
 * The keys that values are sealed and opened with: the primary one seals, all of them open. A keyring from a file or
 * a provider follows what is there, and ciphers follow it.
 *
 * Printing a keyring (`util.inspect`, JSON, string) shows key ids only, which are not secret.
 *
 * @example
 * const keyring = Keyring.fromEnv() // MEMKEEP_KEYS='memkeep-key-v1:… memkeep-key-v1:…'
 */
export class Keyring extends EventEmitter<KeyringEvents> implements Disposable {
  #ring: Ring
  #source: Source | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  #reloadingQuietly = false
  /** The last failure that `reloadFailed` told. */
  #told: unknown

  private constructor(ring: Ring) {
    super()
    this.#ring = ring
  }

  static {
    readMasterKeys = (keyring) => keyring.#ring.masters
    Object.defineProperty(Keyring.prototype, inspect.custom, {
      value(this: Keyring) {
        return this.toString()
      },
    })
  }

  /** A keyring of one new random key. */
  static generate(): Keyring {
    return new Keyring(makeRing([importMasterKey(randomBytes(MASTER_KEY_BYTES))]))
  }

  /**
   * Reads one or several keys of the form `memkeep-key-v1:…`, separated by commas or white space. The first is
   * primary; the rest are for reading only.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`, which says which key is wrong and how, not what it is
   */
  static fromText(text: string): Keyring {
    return new Keyring(parseText(text))
  }

  /**
   * Reads a keyset, as an object or as JSON.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`, which says where what is wrong, and repeats no key
   */
  static fromKeyset(keyset: Keyset | string): Keyring {
    return new Keyring(ringOfKeyset(parseKeyset(keyset)))
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
      throw invalidKeyring(
        `The environment variable ${quoteVariable(name)} holds no key. Make one: ${HOW_TO_MAKE_ONE}`,
      )
    }
    try {
      return Keyring.fromText(text)
    } catch (error) {
      throw error instanceof MemkeepError ? invalidKeyring(`${quoteVariable(name)}: ${error.message}`) : error
    }
  }

  /**
   * Reads the keys from a file, in the form of {@link Keyring.fromText} or as a keyset, and again whenever it is
   * another one. Until {@link Keyring.close} it looks after it, without keeping the process alive.
   *
   * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE` for a file that cannot be read, or that others than its owner
   * can; `ERR_MEMKEEP_INVALID_KEYRING` for what is in it
   */
  static fromFile(path: string, options: KeyFileOptions = {}): Keyring {
    if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
    const known = ['watchInterval', 'reloadOnSighup', 'allowGroup']
    const own = readOwnOptions('Keyring.fromFile', options, known)
    const { watchInterval = 5_000, reloadOnSighup = false, allowGroup = false } = own
    assertDelay('watchInterval', watchInterval, 0)
    const onChange = (): void => {
      void keyring.#reloadQuietly()
    }
    // before it is read, so that no change falls in between
    const watch = new FileWatch([path], onChange)
    const read = (): Ring => readKeyFile(path, allowGroup)
    const keyring = new Keyring(read())
    watch.start(watchInterval)
    if (reloadOnSighup) process.on('SIGHUP', onChange)
    keyring.#source = {
      read,
      stop: () => {
        watch.stop()
        process.off('SIGHUP', onChange)
      },
    }
    return keyring
  }

  /**
   * Fetches the keys from a provider, such as Vault, a KMS or Secrets Manager, and again at intervals. Until
   * {@link Keyring.close} it goes on, without keeping the process alive.
   *
   * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE` when the provider fails the first time, with its error as the
   * cause; `ERR_MEMKEEP_INVALID_KEYRING` for what it gives
   */
  static async fromProvider(load: KeyProvider, options: KeyProviderOptions = {}): Promise<Keyring> {
    if (typeof load !== 'function') throw new TypeError('load must be a function that resolves to keys')
    const own = readOwnOptions('Keyring.fromProvider', options, ['refreshInterval', 'timeout'])
    const { refreshInterval = REFRESH_INTERVAL, timeout = PROVIDER_TIMEOUT } = own
    assertDelay('refreshInterval', refreshInterval, 0)
    assertDelay('timeout', timeout, 1)
    const read = (): Promise<Ring> => askKeyProvider(load, timeout)
    const keyring = new Keyring(await read())
    const timer =
      refreshInterval === 0
        ? undefined
        : setInterval(() => {
            void keyring.#reloadQuietly()
          }, refreshInterval).unref()
    keyring.#source = {
      read,
      stop: () => {
        clearInterval(timer)
      },
    }
    return keyring
  }

  /**
   * Makes the key that belongs to a passphrase, by scrypt (RFC 7914). **A last resort**: it is as strong as the
   * passphrase, and a process warning says so.
   *
   * @throws TypeError, RangeError for wrong options
   */
  static async fromPassphrase(passphrase: string, options: PassphraseOptions): Promise<Keyring> {
    const own = readOwnOptions('Keyring.fromPassphrase', options, ['salt', 'N', 'r', 'p'])
    const keyring = new Keyring(await ringOfPassphrase(passphrase, own))
    warnOfPassphrase()
    return keyring
  }

  /** The ids of the keys, 8 hex digits each, the primary one's first. Not secret. */
  get ids(): readonly string[] {
    return this.#ring.masters.map(({ id }) => id)
  }

  /** The id of the key that seals. Not secret. */
  get primaryId(): string {
    return this.#ring.masters[0].id
  }

  /** The id of the key that a keyset pins for key names; undefined where none is pinned. */
  get nameKeyId(): string | undefined {
    return this.#ring.nameKeyId
  }

  /**
   * The keys themselves as text for {@link Keyring.fromText}, separated by commas, the primary one first.
   *
   * **Secret**: whoever has this text reads and forges every value. Keep it out of logs.
   */
  exportText(): string {
    return this.#ring.masters.map(formatKeyText).join(',')
  }

  /**
   * Reads the keys again, from where they were read. Resolves to whether they had changed; a keyring that was not
   * read from a file or provider has not.
   *
   * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`; then the keys of before stay
   */
  reload(): Promise<boolean> {
    // after one that is under way, which may have read what has changed since
    const reloaded = this.#reloading.then(() => this.#load())
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  /** Looks for other keys no more; those that are there stay in use. */
  close(): void {
    this.#source?.stop()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The ids and which one is primary: what may be logged at a start. */
  describe(): readonly KeyDescription[] {
    return this.#ring.masters.map(({ id }, index) => ({ id, primary: index === 0 }))
  }

  toJSON(): readonly KeyDescription[] {
    return this.describe()
  }

  override toString(): string {
    const [primary, ...others] = this.ids
    return `Keyring(${[`${String(primary)} primary`, ...others].join(', ')})`
  }

  async #load(): Promise<boolean> {
    if (this.#source === undefined) return false
    let ring: Ring
    try {
      ring = await this.#source.read()
    } catch (error) {
      this.#told = error
      if (!this.emit('reloadFailed', error as Error)) warnOfReload(error as Error)
      throw error
    }
    if (isSameRing(ring, this.#ring)) return false
    this.#ring = ring
    this.emit('reload', this.describe())
    return true
  }

  /** For changes that nobody waits for. */
  async #reloadQuietly(): Promise<void> {
    // a provider that hangs must not be asked by one more at every interval
    if (this.#reloadingQuietly) return
    this.#reloadingQuietly = true
    try {
      await this.reload()
    } catch (error) {
      // that one was told; whatever a listener throws is not for us to hide
      if (error !== this.#told) throw error
    } finally {
      this.#reloadingQuietly = false
    }
  }
}

/** The keys of a ring, for the ciphers of this package only. @throws TypeError for what is no keyring */
export function masterKeysOf(keyring: unknown): MasterKeys {
  if (!(keyring instanceof Keyring)) {
    throw new TypeError(
      'keyring must be a Keyring of @memkeep/encryption, as keyring: Keyring.fromEnv() or Keyring.fromText(text)',
    )
  }
  return readMasterKeys(keyring)
}

function assertDelay(option: string, value: unknown, least: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MAX_DELAY) return
  throw new RangeError(`${option} must be milliseconds, a whole number from ${String(least)} on`)
}
