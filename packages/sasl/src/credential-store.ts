import { timingSafeEqual } from 'node:crypto'
import type { AuthOptions } from './auth-options.ts'
import { askProvider, readCredentials } from './credential-source.ts'
import type { Credentials } from './credentials.ts'
import { ScramKeyCache } from './mechanisms/scram-keys.ts'

const DEFAULT_MAX_AGE = 60_000
const DEFAULT_TIMEOUT = 5_000

/** One state of the credentials, and the keys that were derived from it. */
export interface Version {
  /** Counts up from the first. */
  readonly number: number
  readonly credentials: Credentials
  readonly scramKeys: ScramKeyCache
}

/** Credentials and how they change: what is in use, and what was before. */
export class CredentialStore {
  readonly #owner: string
  readonly #options: AuthOptions
  readonly #check: (credentials: Credentials) => void
  #newest: Version | undefined
  #previous: Version | undefined
  #askedAt = -Infinity
  #loading: Promise<boolean> | undefined

  /**
   * @param check throws for credentials that cannot be said
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`
   */
  constructor(owner: string, options: AuthOptions, check: (credentials: Credentials) => void) {
    this.#owner = owner
    this.#options = options
    this.#check = check
    if (options.credentials === undefined) this.#take(readCredentials(owner, options))
  }

  /** Those before the newest; undefined before they first changed. */
  get previous(): Version | undefined {
    return this.#previous
  }

  /** How many there were. */
  get number(): number {
    return this.#newest?.number ?? 0
  }

  /**
   * The newest, fetched again when a provider's are too old. While there are some, a provider that fails is told by
   * `onFailure` alone.
   *
   * @throws MemkeepError `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_CREDENTIALS`; the signal's reason
   */
  async newest(signal: AbortSignal, onFailure: (error: unknown) => void): Promise<Version> {
    const { credentials, credentialsMaxAge = DEFAULT_MAX_AGE } = this.#options
    if (credentials !== undefined && performance.now() - this.#askedAt >= credentialsMaxAge) {
      try {
        this.#loading ??= this.#load().finally(() => {
          this.#loading = undefined
        })
        await until(signal, this.#loading)
      } catch (error) {
        if (this.#newest === undefined || signal.aborted) throw error
        onFailure(error)
      }
    }
    if (this.#newest === undefined) throw new Error('There are credentials once they are loaded')
    return this.#newest
  }

  /** Reads or fetches them again; resolves to whether they changed. */
  async load(): Promise<boolean> {
    // after one that is under way, which may have read what has changed since
    await this.#loading?.catch(() => undefined)
    return this.#load()
  }

  async #load(): Promise<boolean> {
    const { credentials, credentialsTimeout = DEFAULT_TIMEOUT } = this.#options
    if (credentials === undefined) return this.#take(readCredentials(this.#owner, this.#options))
    const provided = await askProvider(this.#owner, credentials, credentialsTimeout)
    this.#askedAt = performance.now()
    return this.#take(provided)
  }

  #take(credentials: Credentials): boolean {
    this.#check(credentials)
    if (this.#newest !== undefined && areEqual(credentials, this.#newest.credentials)) return false
    this.#previous = this.#newest
    this.#newest = { number: this.number + 1, credentials, scramKeys: new ScramKeyCache() }
    return true
  }
}

function areEqual(some: Credentials, others: Credentials): boolean {
  const [one, other] = [Buffer.from(some.password.reveal()), Buffer.from(others.password.reveal())]
  return some.username === others.username && one.length === other.length && timingSafeEqual(one, other)
}

/** A promise that rejects with the signal's reason when that comes first. */
async function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}
