import { EventEmitter } from 'node:events'
import type { MemcachedClient } from '@memkeep/client'
import { recordsOf } from '@memkeep/client/internal'
import { MemkeepError } from '@memkeep/core'
import { describeInput } from '@memkeep/core/internal'
import { fromStored, toStored } from './expiring.ts'
import { keyName, namespaceName } from './names.ts'
import { NamespaceVersions } from './namespace-versions.ts'
import { readOptions, type KeyvMemcachedOptions, type StoreSettings } from './options.ts'

/** The last second that memcached's clock can name as an expiry, in Unix milliseconds. */
const LAST_EXPIRY = (2 ** 31 - 1) * 1000

/** A text to store, with its expiry in Unix milliseconds. */
export interface StoreEntry {
  readonly key: string
  readonly value: unknown
  readonly expires: number | undefined
}

/** What the adapters for Keyv 5 and 6 have in common: names, versions of namespaces, expiry, and calls to the client. */
export abstract class MemcachedStore extends EventEmitter {
  readonly #client: MemcachedClient
  readonly #settings: StoreSettings
  readonly #versions: NamespaceVersions
  #warned = false

  /** @throws as `MemcachedClient` for options that do not hold; TypeError or RangeError naming the option */
  protected constructor(options: KeyvMemcachedOptions) {
    super()
    // each Keyv that uses the adapter adds one
    this.setMaxListeners(0)
    this.#settings = readOptions(options)
    this.#client = this.#settings.client
    this.#versions = new NamespaceVersions(recordsOf(this.#client), this.#settings.clearDelay, (error) => {
      this.#emitAll([error])
    })
  }

  /** The client that does the work. */
  get client(): MemcachedClient {
    return this.#client
  }

  /** Has open connections keep the process alive, as they do from the start. */
  ref(): this {
    this.#client.ref()
    return this
  }

  /** Lets the process end though connections are open. */
  unref(): this {
    this.#client.unref()
    return this
  }

  /** Closes the client, unless it was handed in: then its owner does. */
  async disconnect(): Promise<void> {
    if (this.#settings.ownsClient) await this.#client.close()
  }

  /** The namespace that the options name. */
  protected get ownNamespace(): string | undefined {
    return this.#settings.namespace
  }

  /**
   * The namespace that a Keyv set, below the one that the options name. A NUL parts them, which no other namespace has
   * that is written by people.
   */
  protected below(namespace: string | undefined): string | undefined {
    const own = this.ownNamespace
    if (own === undefined || namespace === undefined || namespace === own) return own ?? namespace
    return `${own}\0${namespace}`
  }

  protected async read(namespace: string | undefined, key: string): Promise<string | undefined> {
    const name = this.#name(namespace, key) ?? (await this.#readName(namespace, key))
    const bytes = name === undefined ? undefined : await this.#client.get(name)
    return bytes === undefined ? undefined : fromStored(bytes)
  }

  protected async readMany(
    namespaceOf: (key: string) => string | undefined,
    keys: readonly string[],
  ): Promise<(string | undefined)[]> {
    const names = await this.#names(namespaceOf, keys)
    const found = await this.#client.getMany(names.filter((name) => name !== undefined))
    // of servers that failed while others answered: their keys are misses
    this.#emitAll(found.faults.map(({ error }) => error))
    return names.map((name) => {
      const bytes = name === undefined ? undefined : found.get(name)
      return bytes === undefined ? undefined : fromStored(bytes)
    })
  }

  protected async write(
    namespace: string | undefined,
    { key, value, expires }: StoreEntry,
  ): Promise<boolean> {
    if (typeof value !== 'string') {
      throw new TypeError(
        "KeyvMemcached stores what Keyv serialized, a string: leave Keyv's serialization on",
      )
    }
    // what Keyv hands on may be anything
    if (expires !== undefined && (typeof expires !== 'number' || Number.isNaN(expires))) {
      throw new RangeError(`A time to live must be a number, not ${describeInput(expires)}`)
    }
    const name = this.#name(namespace, key) ?? (await this.#readName(namespace, key))
    if (name === undefined) return false
    if (expires === undefined) return this.#client.set(name, toStored(value, undefined))
    const left = expires - Date.now()
    if (left <= 0) {
      // what ends now takes with it what was there before
      await this.#client.delete(name)
      return true
    }
    // memcached's clock ticks once a second: an item may end up to one second early. The exact end is in the value.
    const ttl = expires > LAST_EXPIRY ? 0 : Math.ceil(left / 1000) + 1
    return this.#client.set(name, toStored(value, Math.min(expires, MAX_UINT48)), { ttl })
  }

  protected async erase(namespace: string | undefined, key: string): Promise<boolean> {
    const name = this.#name(namespace, key) ?? (await this.#readName(namespace, key))
    return name !== undefined && this.#client.delete(name)
  }

  /** What came of several: one that failed while others did not is false, and an event; when all fail, it rejects. */
  protected async settled(promises: readonly Promise<boolean>[]): Promise<boolean[]> {
    const results = await Promise.allSettled(promises)
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    )
    if (errors.length > 0 && errors.length === results.length) throw errors[0]
    this.#emitAll(errors)
    return results.map((result) => result.status === 'fulfilled' && result.value)
  }

  /** Gives the namespace a new version; without a namespace, flushes the servers if that is allowed. */
  protected async clearAll(namespace: string | undefined): Promise<void> {
    if (namespace !== undefined) {
      await this.#versions.renew(namespaceName(namespace))
      return
    }
    if (!this.#settings.allowFlush) {
      throw this.refuseClear(
        'clear() without a namespace would flush the whole server, including data of others: pass a namespace to Keyv or to the adapter, or set allowFlush: true.',
      )
    }
    await this.#client.dangerouslyFlushAll()
  }

  /** The error of a `clear()` that is refused, also as a process warning: without listeners, Keyv reports success. */
  protected refuseClear(message: string): MemkeepError {
    if (!this.#warned) {
      this.#warned = true
      process.emitWarning(`Nothing was cleared: ${message}`, {
        type: 'MemkeepWarning',
        code: 'MEMKEEP_CLEAR_REFUSED',
      })
    }
    return new MemkeepError('ERR_MEMKEEP_UNSUPPORTED_OPERATION', message)
  }

  /** The name of a key, if the version of its namespace is known. */
  #name(namespace: string | undefined, key: string): string | undefined {
    if (namespace === undefined) return keyName(key)
    const name = namespaceName(namespace)
    const version = this.#versions.peek(name)
    return version === undefined ? undefined : keyName(key, { name, version })
  }

  async #readName(namespace: string | undefined, key: string): Promise<string | undefined> {
    if (namespace === undefined) return keyName(key)
    const name = namespaceName(namespace)
    const version = await this.#versions.read(name)
    return version === undefined ? undefined : keyName(key, { name, version })
  }

  async #names(
    namespaceOf: (key: string) => string | undefined,
    keys: readonly string[],
  ): Promise<readonly (string | undefined)[]> {
    const names = keys.map((key) => this.#name(namespaceOf(key), key))
    if (!names.includes(undefined)) return names
    return Promise.all(keys.map(async (key, at) => names[at] ?? this.#readName(namespaceOf(key), key)))
  }

  #emitAll(errors: readonly unknown[]): void {
    if (this.listenerCount('error') === 0) return
    for (const error of errors) this.emit('error', error)
  }
}

/** The latest end that the header of a stored text can hold. */
const MAX_UINT48 = 2 ** 48 - 1
