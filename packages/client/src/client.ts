import { composeMiddleware, type Pipeline } from '@memkeep/core'
import { toExptime } from './exptime.ts'
import { readServerOptions, type MemcachedClientOptions } from './options.ts'
import { desynchronised, faultOf, type Reply } from './protocol/reply.ts'
import { Server } from './server.ts'

/** Options of `set`. */
export interface SetOptions {
  /** Time to live in whole seconds. Default: until memcached needs the room. */
  readonly ttl?: number
}

/**
 * A memcached client that pipelines every command over one connection, opened with the first.
 *
 * Every method rejects with a MemkeepError: `ERR_MEMKEEP_INVALID_KEY` (nothing was sent), those of connecting
 * (`ERR_MEMKEEP_CONNECT_FAILED`, `ERR_MEMKEEP_CONNECT_TIMEOUT`, `ERR_MEMKEEP_TLS_…`, `ERR_MEMKEEP_AUTH_…`),
 * `ERR_MEMKEEP_COMMAND_TIMEOUT`, `ERR_MEMKEEP_CONNECTION_LOST`, `ERR_MEMKEEP_SERVER_ERROR`,
 * `ERR_MEMKEEP_PROTOCOL` and `ERR_MEMKEEP_CLOSED`.
 *
 * @example
 * const client = new MemcachedClient({ servers: '127.0.0.1:11211' })
 * await client.set('greeting', 'hello', { ttl: 60 })
 * const value = await client.get('greeting') // Buffer or undefined
 */
export class MemcachedClient {
  readonly #server: Server
  readonly #pipeline: Pipeline

  /** @throws MemkeepError, TypeError or RangeError for options that do not hold */
  constructor(options: MemcachedClientOptions) {
    this.#server = new Server(readServerOptions(options))
    this.#pipeline = composeMiddleware(options.middleware ?? [])
  }

  /** The value under a key, as memory of the caller's own; undefined when there is none. */
  async get(key: string): Promise<Buffer | undefined> {
    const wireKey = this.#pipeline.wireKey(key)
    return this.#server.send({ verb: 'get', key: wireKey }, (reply) => this.#value(key, reply))
  }

  /** The values of those keys that have one, in the order of the keys. */
  async getMany(keys: readonly string[]): Promise<Map<string, Buffer>> {
    for (const key of keys) this.#pipeline.wireKey(key)
    const values = await Promise.all(keys.map((key) => this.get(key)))
    const found = new Map<string, Buffer>()
    for (const [index, key] of keys.entries()) {
      const value = values[index]
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  /**
   * Stores a value; a string is stored as UTF-8.
   *
   * Rejects also with `ERR_MEMKEEP_VALUE_TOO_LARGE`: what the key held before may then be gone.
   */
  async set(key: string, value: Buffer | string, { ttl }: SetOptions = {}): Promise<void> {
    const wireKey = this.#pipeline.wireKey(key)
    const exptime = toExptime(ttl)
    const encoded = this.#pipeline.encode({ key, value: toBytes(value), flags: 0 })
    return this.#server.send(
      { verb: 'set', key: wireKey, value: encoded.value, flags: encoded.flags, exptime },
      (reply) => {
        if (reply.status !== 'done') throw refused(reply)
      },
    )
  }

  /** Deletes a key; true when it was there. */
  async delete(key: string): Promise<boolean> {
    const wireKey = this.#pipeline.wireKey(key)
    return this.#server.send({ verb: 'delete', key: wireKey }, (reply) => {
      if (reply.status === 'done') return true
      if (reply.status === 'not-found') return false
      throw refused(reply)
    })
  }

  /** Waits for replies that are due, then closes the connection; afterwards every method rejects. */
  async close(): Promise<void> {
    await this.#server.close()
  }

  #value(key: string, reply: Reply): Buffer | undefined {
    if (reply.status === 'not-found') return undefined
    if (reply.value === undefined) throw refused(reply)
    return this.#pipeline.decode({ key, value: reply.value, flags: reply.flags })
  }
}

function toBytes(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value
  if (typeof value === 'string') return Buffer.from(value)
  throw new TypeError(`value must be a Buffer or a string, not ${value === null ? 'null' : typeof value}`)
}

function refused(reply: Reply): Error {
  if (reply.status === 'error' || reply.status === 'too-large') return faultOf(reply)
  return desynchronised(`answered "${reply.status}", which the command does not have`)
}
