import type { KeyvStoreAdapter, StoredData } from 'keyv'
import { MemcachedStore } from './memcached-store.ts'
import type { KeyvMemcachedOptions } from './options.ts'

/**
 * A storage adapter for Keyv 5, and so for cache-manager 7, over hardened memcached. Keyv's serializer makes text of
 * every value; this stores it. For Keyv 6 there is the one of `@memkeep/keyv/v6`.
 *
 * Methods reject as those of `MemcachedClient` do; Keyv emits that as its `error` event.
 *
 * @example
 * const cache = new Keyv({ store: new KeyvMemcached({ servers, transport, auth, middleware }), namespace: 'users' })
 */
export class KeyvMemcached extends MemcachedStore implements Omit<KeyvStoreAdapter, 'setMany'> {
  /** What Keyv reads of the adapter's options. */
  readonly opts: { readonly dialect: string; readonly url: string } = { dialect: 'memcached', url: '' }
  readonly #namespaces = new Set<string>()
  #namespace: string | undefined

  /** @throws as `MemcachedClient` for options that do not hold; TypeError or RangeError naming the option */
  constructor(options: KeyvMemcachedOptions) {
    super(options)
    this.namespace = this.ownNamespace
  }

  /** Set by Keyv 5, which puts it before every key itself, with a colon. */
  get namespace(): string | undefined {
    return this.#namespace
  }

  set namespace(namespace: string | undefined) {
    this.#namespace = namespace
    if (namespace !== undefined) this.#namespaces.add(namespace)
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    try {
      return asData<Value>(await this.read(this.#namespaceOf(key), key))
    } catch (error) {
      // Keyv 5 emits the errors of every other method, and swallows those of this one
      if (this.listenerCount('error') > 0) this.emit('error', error)
      throw error
    }
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    const texts = await this.readMany((key) => this.#namespaceOf(key), keys)
    return texts.map((text) => asData<Value | undefined>(text))
  }

  /** @param ttl milliseconds; 0 or less removes what is there */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.write(this.#namespaceOf(key), { key, value, expires: expiresIn(ttl) })
  }

  /** Which were stored. Keyv's types promise nothing here, and Keyv returns it. */
  async setMany(entries: readonly { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]> {
    return this.settled(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)))
  }

  async delete(key: string): Promise<boolean> {
    return this.erase(this.#namespaceOf(key), key)
  }

  /** True when every key was there. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const deleted = await this.settled(keys.map((key) => this.delete(key)))
    return deleted.every(Boolean)
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const texts = await this.readMany((key) => this.#namespaceOf(key), keys)
    return texts.map((text) => text !== undefined)
  }

  /**
   * Makes every key of the namespace a miss, and touches nothing else.
   *
   * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` without a namespace, unless `allowFlush` is set
   */
  async clear(): Promise<void> {
    await this.clearAll(this.#namespace)
  }

  /** Several Keyvs may share one adapter: the namespace is the one that Keyv put before the key. */
  #namespaceOf(key: string): string | undefined {
    if (this.#namespaces.size <= 1) return this.#namespace
    let longest: string | undefined
    for (const namespace of this.#namespaces) {
      if (namespace.length > (longest?.length ?? -1) && key.startsWith(`${namespace}:`)) longest = namespace
    }
    return longest ?? this.#namespace
  }
}

function expiresIn(ttl: number | undefined): number | undefined {
  // a text would be put behind the time
  return typeof ttl === 'number' ? Date.now() + ttl : ttl
}

/** Keyv's deserializer, not this adapter, gives the text its type. */
function asData<Value>(text: string | undefined): StoredData<Value> | undefined {
  return text as StoredData<Value> | undefined
}
