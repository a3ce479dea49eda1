import { composeMiddleware } from '@memkeep/core'
import { describeInput, readOwnOptions } from '@memkeep/core/internal'
import { Asker } from './asker.ts'
import {
  readTimeout,
  readUint32,
  readUint64,
  type CallOptions,
  type CountOptions,
  type FlushOptions,
  type StoreOptions,
  type TouchOptions,
} from './call-options.ts'
import { getMany } from './get-many.ts'
import { Items } from './items.ts'
import {
  readMembers,
  readOptions,
  type ClientSettings,
  type MemcachedClientOptions,
  type WeightedEndpoint,
} from './options.ts'
import type { PartialResult } from './partial-result.ts'
import { CALLS, readCallOptions } from './read-call-options.ts'
import { attachRecords, Records } from './records.ts'
import {
  statsTaker,
  takeCas,
  takeDone,
  takeFlush,
  takeVersion,
  type CasResult,
  type Item,
} from './results.ts'
import { Rewrapper } from './rewrapper.ts'
import { isUnreachable } from './server/faults.ts'

/**
 * A memcached client that pipelines every command, over one or several servers.
 *
 * What memcached can answer is a value: a miss is undefined, not stored is false. Faults are errors. Every method
 * rejects with a MemkeepError: `ERR_MEMKEEP_INVALID_KEY` (nothing was sent), those of connecting
 * (`ERR_MEMKEEP_CONNECT_FAILED`, `ERR_MEMKEEP_CONNECT_TIMEOUT`, `ERR_MEMKEEP_TLS_…`, `ERR_MEMKEEP_AUTH_…`,
 * `ERR_MEMKEEP_SERVER_DOWN`, `ERR_MEMKEEP_BACKEND_UNREACHABLE`), `ERR_MEMKEEP_COMMAND_TIMEOUT`, `ERR_MEMKEEP_CONNECTION_LOST`,
 * `ERR_MEMKEEP_OVERLOADED`, `ERR_MEMKEEP_SERVER_ERROR`, `ERR_MEMKEEP_PROTOCOL` and `ERR_MEMKEEP_CLOSED`, with a
 * TypeError or RangeError for arguments that do not hold, or with the reason of its signal.
 *
 * @example
 * const client = new MemcachedClient({ servers: '127.0.0.1:11211' })
 * await client.set('greeting', 'hello', { ttl: 60 })
 * const value = await client.get('greeting') // Buffer or undefined
 */
export class MemcachedClient implements AsyncDisposable {
  readonly #settings: ClientSettings
  readonly #asker: Asker
  readonly #items: Items
  readonly #rewrapper: Rewrapper

  /** @throws MemkeepError, TypeError or RangeError for options that do not hold */
  constructor(options: MemcachedClientOptions) {
    const { settings, cluster } = readOptions(options)
    this.#settings = settings
    const pipeline = composeMiddleware(settings.middleware, settings.prefix)
    this.#asker = new Asker(settings, cluster)
    this.#items = new Items(this.#asker, pipeline, settings, (key, expiresAt) => {
      this.#rewrapper.add(key, expiresAt)
    })
    this.#rewrapper = new Rewrapper(this.#asker, pipeline, settings.traceKeys)
    attachRecords(this, new Records(this.#asker, pipeline, this.#items))
  }

  /** The servers in use, as the user would write them; empty until a discovery has answered. */
  get servers(): readonly string[] {
    return this.#asker.cluster.servers.map(({ name }) => name)
  }

  /** The value under a key, as memory of the caller's own; undefined when there is none. */
  get(key: string, options?: CallOptions): Promise<Buffer | undefined> {
    try {
      return this.#items.read('get', key, undefined, readCallOptions('get', options, CALLS.call))
    } catch (error) {
      return rejected(error)
    }
  }

  /** The value under a key with its flags and its CAS unique, for `cas`; undefined when there is none. */
  async gets(key: string, given?: CallOptions): Promise<Item | undefined> {
    const options = readCallOptions('gets', given, CALLS.call)
    const name = this.#items.name(key)
    const wireKey = this.#items.wireKey(key)
    const asked = this.#asker.ask(wireKey, {
      operation: 'gets',
      commands: { verb: 'get', key: wireKey, withCas: true, exptime: undefined },
      take: (reply) => {
        const { flags, cas = 0n } = reply
        const value = this.#items.value(name, reply)
        return value && { value, flags, cas }
      },
      options,
    })
    return this.#asker.orMiss(asked, undefined)
  }

  /**
   * The values of those keys that have one, in the order of the keys; every server is asked at the same time. When
   * some servers fail, the result holds what the others have and lists the `faults`; when all fail, it rejects. A value
   * over `maxValueBytes` is a fault of its key alone.
   */
  async getMany(keys: Iterable<string>, given?: CallOptions): Promise<PartialResult<string, Buffer>> {
    const options = readCallOptions('getMany', given, CALLS.call)
    assertKeys(keys)
    return getMany(this.#asker, keys, {
      wireKey: (key) => this.#items.wireKey(key),
      value: (key, reply) => this.#items.value(this.#items.name(key), reply),
      missable: (error) => this.#settings.onServerDown === 'miss' && isUnreachable(error),
      options,
    })
  }

  /** Reads a value and gives it a new expiry. */
  async getAndTouch(key: string, options?: TouchOptions): Promise<Buffer | undefined> {
    const own = readCallOptions('getAndTouch', options, CALLS.touch)
    this.#items.refuse('getAndTouch', key)
    return this.#items.read('getAndTouch', key, this.#items.exptime(own), own)
  }

  /**
   * Stores a value: bytes, of a Buffer or any `Uint8Array`, or a string as UTF-8. True, or false when the server is down and `onServerDown` is `miss`.
   *
   * Rejects also with `ERR_MEMKEEP_VALUE_TOO_LARGE` and `ERR_MEMKEEP_OUT_OF_MEMORY`; what the key held before is then
   * deleted.
   */
  set(key: string, value: Uint8Array | string, options?: StoreOptions): Promise<boolean> {
    try {
      const own = readCallOptions('set', options, CALLS.store)
      return this.#asker.orMiss(this.#items.store('set', key, value, own, undefined, takeDone), false)
    } catch (error) {
      return rejected(error)
    }
  }

  /** Stores a value if there is none under the key; false when there is. */
  async add(key: string, value: Uint8Array | string, options?: StoreOptions): Promise<boolean> {
    const own = readCallOptions('add', options, CALLS.store)
    return this.#asker.orMiss(this.#items.store('add', key, value, own, undefined, takeDone), false)
  }

  /** Stores a value if there is one under the key; false when there is none. */
  async replace(key: string, value: Uint8Array | string, options?: StoreOptions): Promise<boolean> {
    const own = readCallOptions('replace', options, CALLS.store)
    return this.#asker.orMiss(this.#items.store('replace', key, value, own, undefined, takeDone), false)
  }

  /**
   * Puts bytes behind the value under a key; false when there is none.
   *
   * Rejects with `ERR_MEMKEEP_UNSUPPORTED_OPERATION` where a middleware changes values, as encryption does.
   */
  async append(key: string, value: Uint8Array | string, options?: CallOptions): Promise<boolean> {
    const own = readCallOptions('append', options, CALLS.call)
    this.#items.refuse('append', key)
    return this.#asker.orMiss(this.#items.store('append', key, value, own, undefined, takeDone), false)
  }

  /** Puts bytes before the value under a key, with the results of {@link MemcachedClient.append}. */
  async prepend(key: string, value: Uint8Array | string, options?: CallOptions): Promise<boolean> {
    const own = readCallOptions('prepend', options, CALLS.call)
    this.#items.refuse('prepend', key)
    return this.#asker.orMiss(this.#items.store('prepend', key, value, own, undefined, takeDone), false)
  }

  /** Stores a value if the item is still the one that `gets` read, by its CAS unique. */
  async cas(key: string, value: Uint8Array | string, cas: bigint, given?: StoreOptions): Promise<CasResult> {
    const options = readCallOptions('cas', given, CALLS.store)
    const unique = readUint64('cas', cas)
    if (unique === 0n) return this.#items.compareWithNone(key, value, options)
    return this.#items.store('set', key, value, options, unique, takeCas)
  }

  /** Deletes a key; true when it was there. */
  async delete(key: string, given?: CallOptions): Promise<boolean> {
    const options = readCallOptions('delete', given, CALLS.call)
    const wireKey = this.#items.wireKey(key)
    return this.#asker.ask(wireKey, {
      operation: 'delete',
      commands: { verb: 'delete', key: wireKey },
      take: takeDone,
      options,
    })
  }

  /**
   * Counts a decimal value of 64 bits up, from 2^64 - 1 on to 0, and returns the new one. Without such an item it
   * stores `initial` and returns that, or returns undefined when none is given.
   *
   * Rejects also with `ERR_MEMKEEP_NOT_A_NUMBER`, and with `ERR_MEMKEEP_UNSUPPORTED_OPERATION` where a middleware
   * changes values, as encryption does.
   */
  async increment(key: string, options?: CountOptions): Promise<bigint | undefined> {
    return this.#items.count('increment', key, options)
  }

  /** Counts down, to 0 at the least, with the results of {@link MemcachedClient.increment}. */
  async decrement(key: string, options?: CountOptions): Promise<bigint | undefined> {
    return this.#items.count('decrement', key, options)
  }

  /** Gives an item a new expiry; true when there was one. */
  async touch(key: string, given?: TouchOptions): Promise<boolean> {
    const options = readCallOptions('touch', given, CALLS.touch)
    this.#items.refuse('touch', key)
    const wireKey = this.#items.wireKey(key)
    const asked = this.#asker.ask(wireKey, {
      operation: 'touch',
      commands: { verb: 'touch', key: wireKey, exptime: this.#items.exptime(options) },
      take: takeDone,
      options,
    })
    return this.#asker.orMiss(asked, false)
  }

  /** Makes every server forget everything, also what others keep there; rejects when one of them does not. */
  async dangerouslyFlushAll(given?: FlushOptions): Promise<void> {
    const options = readCallOptions('dangerouslyFlushAll', given, CALLS.flush)
    const delay = options?.delay ?? 0
    readUint32('delay', delay)
    const { faults } = await this.#asker.askAll(options, () => ({
      operation: 'flushAll',
      commands: { verb: 'flush', delay },
      take: takeFlush,
    }))
    const [first] = faults
    if (first !== undefined) throw first.error
  }

  /**
   * The statistics of every server, by its name.
   *
   * @param group `settings`, `items`, `slabs`, …; empty for the general ones (`protocol.txt`, "Statistics")
   */
  async stats(group = '', given?: CallOptions): Promise<PartialResult<string, ReadonlyMap<string, string>>> {
    const options = readCallOptions('stats', given, CALLS.call)
    if (typeof group !== 'string') {
      throw new TypeError(`stats takes the name of a group as a string, not ${describeInput(group)}`)
    }
    if (!/^[a-z_]{0,32}$/.test(group) || NO_STATISTICS.has(group)) {
      throw new RangeError(
        `stats takes the name of a group, as settings or items, not ${describeInput(group)}`,
      )
    }
    return this.#asker.askAll(options, () => ({
      operation: 'stats',
      commands: { verb: 'stats', group },
      take: statsTaker(group),
    }))
  }

  /** The memcached version of every server, by its name. */
  async version(given?: CallOptions): Promise<PartialResult<string, string>> {
    const options = readCallOptions('version', given, CALLS.call)
    return this.#asker.askAll(options, () => ({
      operation: 'version',
      commands: { verb: 'version' },
      take: takeVersion,
    }))
  }

  /**
   * Takes servers into use; keys move to them as the distribution says.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`, also for one that is there already;
   * `ERR_MEMKEEP_UNSUPPORTED_OPERATION` with a discovery
   */
  addServer(server: string | WeightedEndpoint): void {
    this.#asker.cluster.add(readMembers(server), this.#settings.closeTimeout)
  }

  /**
   * Takes a server out of use, by its name; what was asked of it is finished.
   *
   * @throws RangeError when there is no such server, or no other one
   * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` with a discovery
   */
  removeServer(name: string): void {
    this.#asker.cluster.remove(name, this.#settings.closeTimeout)
  }

  /**
   * Takes no more calls, waits for the results that are due, then closes every connection.
   *
   * @param options.timeout milliseconds after which what is left is rejected with `ERR_MEMKEEP_CLOSED`; default: the
   * client's `closeTimeout`
   */
  async close(options: { readonly timeout?: number } = {}): Promise<void> {
    const { timeout = this.#settings.closeTimeout } = readOwnOptions('close', options, ['timeout'])
    readTimeout(timeout)
    this.#rewrapper.stop()
    await this.#asker.close(timeout)
  }

  /** Has open connections keep the process alive, as they do from the start. */
  ref(): this {
    this.#asker.cluster.setRef(true)
    return this
  }

  /** Lets the process end though connections are open, as a socket's `unref`: calls under way end with it. */
  unref(): this {
    this.#asker.cluster.setRef(false)
    return this
  }

  /** Closes it: `await using client = new MemcachedClient(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Groups of `stats` that reset or dump something instead. */
const NO_STATISTICS: ReadonlySet<string> = new Set(['reset', 'detail', 'cachedump'])

/** @throws TypeError for anything but a list of keys */
function assertKeys(keys: unknown): void {
  if (typeof keys === 'object' && keys !== null && Symbol.iterator in keys) return
  throw new TypeError(`getMany takes an array or another iterable of keys, not ${describeInput(keys)}`)
}

function rejected(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)))
}
