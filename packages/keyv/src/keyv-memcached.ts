import type { KeyvStoreAdapter, StoredData } from 'keyv'
import { DEFAULT_NAMESPACE, KeyvNamespaces } from './keyv-namespaces.ts'
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
  readonly #namespaces: KeyvNamespaces

  /** @throws as `MemcachedClient` for options that do not hold; TypeError or RangeError naming the option */
  constructor(options: KeyvMemcachedOptions) {
    super(options)
    this.#namespaces = new KeyvNamespaces(this.ownNamespace)
    // Keyv 5 adds a listener, then sets its namespace
    this.on('newListener', (event) => {
      if (event === 'error') this.#namespaces.expectAnother()
    })
  }

  /**
   * Set by Keyv 5, which puts it before every key itself, with a colon.
   *
   * @throws TypeError for one whose keys cannot be told from those of another Keyv on this adapter
   */
  get namespace(): string | undefined {
    return this.#namespaces.current
  }

  set namespace(namespace: string | undefined) {
    this.#namespaces.set(namespace)
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
   * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` without a namespace, unless `allowFlush` is set, and when
   * several Keyvs with different namespaces share the adapter, since Keyv 5 does not pass the one to clear; as
   * `MemcachedClient` when a server does not store the new version of the namespace: what was cleared may then be
   * served again
   */
  async clear(): Promise<void> {
    const shared = this.#namespaces.all.map((namespace) => this.#own(namespace))
    if (new Set(shared).size > 1) {
      throw this.refuseClear(
        'several Keyvs with different namespaces share this adapter, and Keyv does not pass the one to clear: give each Keyv an adapter of its own, new KeyvMemcached({ client }) with one client for all.',
      )
    }
    await this.clearAll(shared[0])
  }

  #namespaceOf(key: string): string | undefined {
    return this.#own(this.#namespaces.of(key))
  }

  /** Keyv's default is set where nobody chose a namespace. */
  #own(namespace: string | undefined): string | undefined {
    return this.below(
      namespace === DEFAULT_NAMESPACE && this.ownNamespace !== undefined ? undefined : namespace,
    )
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
