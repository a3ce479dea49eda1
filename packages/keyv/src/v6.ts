import { describeInput } from '@memkeep/core/internal'
import { MemcachedStore, type StoreEntry } from './memcached-store.ts'
import type { KeyvMemcachedOptions } from './options.ts'

export type { KeyvMemcachedOptions, StoreOptions } from './options.ts'

/** An entry of `setMany`: a serialized value, with its end in Unix milliseconds. */
export interface KeyvMemcachedEntry {
  readonly key: string
  readonly value: unknown
  readonly expires?: number | undefined
}

/** An earlier moment (in September 2001) is no end, but a time to live, as Keyv 5 gives it. */
const EARLIEST_EXPIRES = 1e12

/**
 * A storage adapter for Keyv 6 over hardened memcached, as its `KeyvStorageAdapter` asks for: absolute ends, enforced
 * on read to the millisecond. Keyv's serializer makes text of every value; this stores it.
 *
 * Methods reject as those of `MemcachedClient` do; Keyv emits that as its `error` event.
 *
 * @example
 * const cache = new Keyv({ store: new KeyvMemcached({ servers, transport, auth, middleware, namespace: 'users' }) })
 */
export class KeyvMemcached extends MemcachedStore {
  /** Tells Keyv 6 that ends are absolute. */
  readonly capabilities: { readonly expires: true } = { expires: true }
  #namespace: string | undefined

  /** @throws as `MemcachedClient` for options that do not hold; TypeError or RangeError naming the option */
  constructor(options: KeyvMemcachedOptions) {
    super(options)
    this.#namespace = this.ownNamespace
  }

  /** Set by a Keyv that has a namespace; one adapter serves one. It is kept below the one that the options name. */
  get namespace(): string | undefined {
    return this.#namespace
  }

  set namespace(namespace: string | undefined) {
    this.#namespace = namespace
  }

  async get(key: string): Promise<string | undefined> {
    return this.read(this.below(this.#namespace), key)
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return this.readMany(() => this.below(this.#namespace), keys)
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map((text) => text !== undefined)
  }

  /**
   * @param expires Unix milliseconds; a past one removes what is there
   * @throws RangeError for what is a time to live and no moment
   */
  async set(key: string, value: unknown, expires?: number): Promise<boolean> {
    return this.write(this.below(this.#namespace), checked({ key, value, expires }))
  }

  async setMany(entries: readonly KeyvMemcachedEntry[]): Promise<boolean[]> {
    return this.settled(entries.map(({ key, value, expires }) => this.set(key, value, expires)))
  }

  async delete(key: string): Promise<boolean> {
    return this.erase(this.below(this.#namespace), key)
  }

  async deleteMany(keys: readonly string[]): Promise<boolean[]> {
    return this.settled(keys.map((key) => this.delete(key)))
  }

  /**
   * Makes every key of the namespace a miss, and touches nothing else.
   *
   * @throws as `MemcachedClient` when a server does not store the new version of the namespace: what was cleared may then
   * be served again
   * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` without a namespace, unless `allowFlush` is set
   */
  async clear(): Promise<void> {
    await this.clearAll(this.below(this.#namespace))
  }
}

function checked(entry: StoreEntry): StoreEntry {
  const { expires } = entry
  if (expires !== undefined && expires > 0 && expires < EARLIEST_EXPIRES) {
    throw new RangeError(
      `expires must be a moment in Unix milliseconds, not ${describeInput(expires)}: for Keyv 5, which gives times to live, import KeyvMemcached from @memkeep/keyv`,
    )
  }
  return entry
}
