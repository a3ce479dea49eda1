import type { Hardening } from '@memkeep/client'
import { composeMiddleware, MemkeepError, type Pipeline, type RestrictedOperation } from '@memkeep/core'
import { endOfExptime, refuseClientOnlyOptions } from '@memkeep/core/internal'
import type { MemcacheClient, MemcacheConnection } from 'memcache-client'
import { writtenBy } from './as-socket.ts'
import { AskedKeys } from './asked-keys.ts'
import { BytesClient, readValue, type StoredValue } from './bytes-client.ts'
import { assertCommand, COUNT, exptimeOf, FLAGS, wholeNumber } from './command-line.ts'
import { HardenedConnection } from './hardened-connection.ts'
import { HardenedNode } from './hardened-node.ts'
import { checkOptions, readServer, type HardenedMemcacheClientOptions } from './options.ts'
import type { CommandOptions, ErrorFirst, Found, Internals, Packed, StoreOptions } from './original.ts'
import { asObject, missed, namedAs } from './retrieved.ts'

/** The lifetime of what is stored without one, in seconds; the original's. */
const DEFAULT_LIFETIME = 60

/**
 * memcache-client 1.x over hardened memcached: its own methods, options and answers, with the layers below.
 *
 * No key and no number can end its command early and start another. A call that is refused sends nothing and fails
 * as others do, by its promise or callback, with a MemkeepError: `ERR_MEMKEEP_INVALID_KEY`,
 * `ERR_MEMKEEP_UNSUPPORTED_OPERATION`, or what connecting can tell; a number that is none is a RangeError.
 *
 * @example
 * const client = new HardenedMemcacheClient({ server: 'cache1:11211', transport: tls({ ca }), auth, middleware })
 * await client.set('greeting', { text: 'hello' })
 */
export class HardenedMemcacheClient extends BytesClient {
  readonly #pipeline: Pipeline
  readonly #rawIsSafe: boolean
  readonly #asked = new AskedKeys()

  /**
   * @throws TypeError for the original's `tls`, and for options of `MemcachedClient` that it cannot follow; what
   * memcache-client throws
   */
  constructor(options: HardenedMemcacheClientOptions) {
    const {
      transport,
      auth,
      middleware = [],
      dangerouslyAllowRawCommands = false,
      ...original
    } = checkOptions(options)
    refuseClientOnlyOptions(original, {
      owner: 'HardenedMemcacheClient',
      original: 'memcache-client',
      servers: 'as "server"',
      spoken: auth?.protocol ?? 'text',
      because: auth?.name,
    })
    super({ ...original, server: readServer(original.server) })
    this.#pipeline = composeMiddleware(middleware)
    this.#rawIsSafe = middleware.length === 0 || dangerouslyAllowRawCommands
    const hardening: Hardening = { ...(transport && { transport }), ...(auth && { auth }) }
    for (const entry of this.#original._servers._servers) {
      this.#original._servers._nodes[entry.server] = new HardenedNode(this, entry, hardening)
    }
  }

  /** Has open connections keep the process alive, as they do from the start. */
  ref(): this {
    return this.#setRef(true)
  }

  /** Lets the process end though connections are open, as a socket's `unref`: calls under way end with it. */
  unref(): this {
    return this.#setRef(false)
  }

  /** Sends text as it is, which no layer sees. Refused where a middleware is to see it. */
  override send<ValueType>(
    ...[data, options, callback]: Parameters<MemcacheClient['send']>
  ): Promise<ValueType> {
    const [given, done] = typeof options === 'function' ? [undefined, options] : [options, callback]
    return this.#answer<ValueType>(done, () => {
      this.#refuseRaw('send')
      return this.#dispatch(data, given)
    })
  }

  override xsend(...[data, options]: Parameters<MemcacheClient['xsend']>): Promise<unknown> {
    return this.#answer(undefined, () => {
      this.#refuseRaw('xsend')
      return this.#dispatch(data, options)
    })
  }

  override cmd<Response>(...[data, options, callback]: Parameters<MemcacheClient['cmd']>): Promise<Response> {
    return this.#answer<Response>(callback, () => {
      this.#refuseRaw('cmd')
      return this.#line(data, options)
    })
  }

  override delete(...[key, options, callback]: Parameters<MemcacheClient['delete']>): Promise<string[]> {
    return this.#keyLine(options, callback, () => `delete ${this.#pipeline.wireKey(key)}`)
  }

  override incr(...[key, value, options, callback]: Parameters<MemcacheClient['incr']>): Promise<string> {
    return this.#keyLine(options, callback, () => {
      this.#refuseRestricted('increment', key)
      return `incr ${this.#pipeline.wireKey(key)} ${wholeNumber('value', value, COUNT)}`
    })
  }

  override decr(...[key, value, options, callback]: Parameters<MemcacheClient['decr']>): Promise<string> {
    return this.#keyLine(options, callback, () => {
      this.#refuseRestricted('decrement', key)
      return `decr ${this.#pipeline.wireKey(key)} ${wholeNumber('value', value, COUNT)}`
    })
  }

  override touch(
    ...[key, exptime, options, callback]: Parameters<MemcacheClient['touch']>
  ): Promise<string[]> {
    return this.#keyLine(options, callback, () => {
      this.#refuseRestricted('touch', key)
      return `touch ${this.#pipeline.wireKey(key)} ${String(exptimeOf('exptime', exptime))}`
    })
  }

  override version(callback?: Parameters<MemcacheClient['version']>[0]): Promise<string[]> {
    return this.#keyLine(undefined, callback, () => 'version')
  }

  override store(
    command: string,
    key: string,
    value: StoredValue,
    ...[options, callback]: StoreOptions
  ): Promise<string[]> {
    const [given, done] = typeof options === 'function' ? [{}, options] : [options ?? {}, callback]
    return this.#answer<string[]>(done, () => {
      assertCommand('store', command)
      if (command === 'append' || command === 'prepend') this.#refuseRestricted(command, key)
      const wireKey = this.#pipeline.wireKey(key)
      const exptime = exptimeOf('lifetime', given.lifetime ?? this.#defaultLifetime)
      const cas = command === 'cas' ? ` ${wholeNumber('casUniq', given.casUniq, COUNT)}` : ''
      const { flag, data } = this.#original._packer.pack(readValue(value), given.compress === true)
      const packed = Buffer.isBuffer(data) ? data : Buffer.from(data)
      const { value: bytes, flags } = this.#pipeline.encode({
        key,
        value: packed,
        flags: flag,
        expiresAt: endOfExptime(exptime),
      })
      const numbers = `${wholeNumber('flags', flags, FLAGS)} ${String(exptime)} ${String(bytes.length)}`
      const line = `${command} ${wireKey} ${numbers}${cas}${noreplyOf(given)}\r\n`
      return this.#dispatch(Buffer.concat([Buffer.from(line), bytes, CRLF]), given)
    })
  }

  /** Its options are none: there is no reading without an answer. */
  override xretrieve(...[command, key]: Parameters<MemcacheClient['xretrieve']>): Promise<unknown> {
    return this.#answer(undefined, async () => {
      assertCommand('retrieve', command)
      const keys = Array.isArray(key) ? key : [key]
      const wireKeys = keys.map((each) => this.#pipeline.wireKey(each))
      const found = wireKeys.length === 0 ? {} : await this.#read(command, keys, wireKeys)
      if (!Array.isArray(key)) return namedAs(key, found[wireKeys[0] ?? ''])
      return Object.fromEntries(
        keys.flatMap((each, at) => {
          const value = namedAs(each, found[wireKeys[at] ?? ''])
          return value === undefined ? [] : [[each, value]]
        }),
      )
    })
  }

  override _send(...[connection, data, options]: Parameters<MemcacheClient['_send']>): Promise<unknown> {
    if (!(connection instanceof HardenedConnection)) return super._send(connection, data, options)
    connection.gather()
    const { socket } = connection
    if (typeof data !== 'function' || socket === undefined) return super._send(connection, data, options)
    return super._send(connection, writtenBy(data, socket), options)
  }

  override _unpackValue(result: Packed): Found['value'] {
    if (!this.#pipeline.transforms) return super._unpackValue(result)
    const [, wireKey, flags] = result.cmdTokens
    const { data } = result
    const value = this.#pipeline.decode({
      key: this.#asked.keyOf(String(wireKey)),
      value: Buffer.isBuffer(data) ? data : Buffer.from(data),
      flags: Number(flags),
    })
    // taken out before anyone sees it
    if (value === undefined) return missed
    return super._unpackValue({ ...result, data: value })
  }

  /** The original takes 0 of its options for none. */
  get #defaultLifetime(): number {
    const { lifetime } = this.options
    return lifetime === undefined || lifetime === 0 ? DEFAULT_LIFETIME : lifetime
  }

  get #original(): Internals {
    return this as unknown as Internals
  }

  #setRef(isRef: boolean): this {
    for (const node of Object.values(this.#original._servers._nodes)) {
      if (node instanceof HardenedNode) node.setRef(isRef)
    }
    return this
  }

  async #read(
    command: string,
    keys: readonly string[],
    wireKeys: readonly string[],
  ): Promise<Record<string, Found>> {
    const ask = (): Promise<unknown> => this.#dispatch(`${command} ${wireKeys.join(' ')}\r\n`)
    if (!this.#pipeline.transforms) return (await ask()) as Record<string, Found>
    for (const [at, wireKey] of wireKeys.entries()) this.#asked.add(wireKey, keys[at] ?? '')
    try {
      return (await ask()) as Record<string, Found>
    } finally {
      for (const wireKey of wireKeys) this.#asked.remove(wireKey)
    }
  }

  #keyLine<T>(options: unknown, callback: ErrorFirst<T> | undefined, makeLine: () => string): Promise<T> {
    const [given, done] =
      typeof options === 'function'
        ? [undefined, options as ErrorFirst<T>]
        : [options as CommandOptions, callback]
    return this.#answer<T>(done, () => this.#line(makeLine(), given))
  }

  #line(line: string, options: CommandOptions): Promise<unknown> {
    return this.#dispatch(`${line}${noreplyOf(options)}\r\n`, options)
  }

  #dispatch(data: Parameters<MemcacheClient['send']>[0], options?: CommandOptions): Promise<unknown> {
    return this.#original._servers.doCmd((connection: MemcacheConnection) => {
      if (connection.isReady()) return this._send(connection, data, options ?? {})
      throw new MemkeepError(
        'ERR_MEMKEEP_CONNECTION_LOST',
        'The connection was lost before the command was sent: ask again.',
      )
    })
  }

  /** Answers as the original does: by a promise of the class that it was told, and to the callback if there is one. */
  #answer<T>(callback: ErrorFirst<T> | null | undefined, ask: () => Promise<unknown>): Promise<T> {
    const asked = this.#ask(ask) as Promise<T>
    const Own = this.#original.Promise
    const answer =
      Own === Promise
        ? asked
        : new Own<T>((resolve, reject) => {
            asked.then(resolve, reject)
          })
    if (typeof callback !== 'function') return answer
    answer.then(
      (result) => {
        // what a callback throws is nobody's answer
        process.nextTick(callback, null, result)
      },
      (error: unknown) => {
        process.nextTick(callback, error)
      },
    )
    return answer
  }

  async #ask(ask: () => Promise<unknown>): Promise<unknown> {
    return asObject(await ask())
  }

  #refuseRaw(method: string): void {
    if (this.#rawIsSafe) return
    throw new MemkeepError(
      'ERR_MEMKEEP_UNSUPPORTED_OPERATION',
      `${method} was not sent: raw text would go past the middleware: use the methods, or set dangerouslyAllowRawCommands: true.`,
    )
  }

  #refuseRestricted(operation: RestrictedOperation, key: string): void {
    const reason = this.#pipeline.refusal(operation, key)
    if (reason === undefined) return
    throw new MemkeepError('ERR_MEMKEEP_UNSUPPORTED_OPERATION', `${operation} was not sent: ${reason}.`)
  }
}

const CRLF = Buffer.from('\r\n')

function noreplyOf(options: CommandOptions): string {
  return options?.noreply ? ' noreply' : ''
}
