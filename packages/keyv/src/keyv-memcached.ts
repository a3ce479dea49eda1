import { EventEmitter } from 'node:events'
import { MemcachedClient, type MemcachedClientOptions } from '@memkeep/client'
import { MemkeepError } from '@memkeep/core'
import type { KeyvStoreAdapter, StoredData } from 'keyv'

/** Options of {@link KeyvMemcached}: those of the client, hardening included. */
export type KeyvMemcachedOptions = MemcachedClientOptions

/**
 * A Keyv storage adapter over hardened memcached. Keyv's serializer makes text of every value; this stores it.
 *
 * Methods reject as those of `MemcachedClient` do; Keyv emits that as its `error` event.
 *
 * @example
 * const cache = new Keyv({ store: new KeyvMemcached({ servers, transport, auth, middleware }) })
 */
export class KeyvMemcached extends EventEmitter implements KeyvStoreAdapter {
  /** What Keyv may read of the adapter's options. */
  readonly opts: Pick<KeyvMemcachedOptions, 'servers'>
  /** Set by Keyv, which puts it before every key itself. */
  namespace: string | undefined = undefined
  readonly #client: MemcachedClient

  /** @throws as `MemcachedClient` for options that do not hold */
  constructor(options: KeyvMemcachedOptions) {
    super()
    this.#client = new MemcachedClient(options)
    this.opts = { servers: options.servers }
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    try {
      return fromBytes<Value>(await this.#client.get(key))
    } catch (error) {
      // Keyv 5 emits the errors of every other method, and swallows those of this one
      if (this.listenerCount('error') > 0) this.emit('error', error)
      throw error
    }
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    const values = await this.#client.getMany(keys)
    return keys.map((key) => fromBytes<Value>(values.get(key)))
  }

  /**
   * @param ttl milliseconds; memcached counts whole seconds, so it keeps the value up to the next one, and Keyv,
   * which stores the exact end beside the value, hides it from then on
   */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    if (typeof value !== 'string') {
      throw new TypeError('KeyvMemcached stores what Keyv serialized, a string: leave Keyv\'s "serialize" on')
    }
    return this.#client.set(key, value, ttl === undefined ? {} : { ttl: Math.ceil(ttl / 1000) })
  }

  async delete(key: string): Promise<boolean> {
    return this.#client.delete(key)
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map((key) => this.#client.delete(key)))
    return deleted.every(Boolean)
  }

  /**
   * Refused: memcached cannot delete by prefix, and to flush the whole server would take what others keep there.
   *
   * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION`
   */
  clear(): Promise<void> {
    return Promise.reject(
      new MemkeepError(
        'ERR_MEMKEEP_UNSUPPORTED_OPERATION',
        'clear() would flush the whole server, also what others keep there: delete your keys, or let them expire.',
      ),
    )
  }

  async disconnect(): Promise<void> {
    await this.#client.close()
  }
}

/** Keyv's deserializer, not this adapter, gives the text its type. */
function fromBytes<Value>(bytes: Buffer | undefined): StoredData<Value> | undefined {
  return bytes?.toString() as StoredData<Value> | undefined
}
