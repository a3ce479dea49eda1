import { assertKey, composeMiddleware, MemkeepError } from '@memkeep/core'
import { endOfExptime, refuseClientOnlyOptions } from '@memkeep/core/internal'
import type { EndpointInput, Pipeline, RestrictedOperation } from '@memkeep/core'
import type { IncrementDecrementOptions, Response } from 'memjs'
import { asMissing, BYTES, countOf, guarded, notFound, ownMemory, Unreadable } from './answers.ts'
import { OPCODES, readFrame, withExptime, writeFrame, type Frame } from './frame.ts'
import { assertMade, HardenedServer } from './hardened-server.ts'
import { KeyedClient } from './keyed-client.ts'
import { checkOptions, readServers, type HardenedMemjsOptions } from './options.ts'
import { OriginalClient } from './original.ts'
import type { Callback, CountCallback, Counted, GetCallback, Got } from './original.ts'
import type { StatsCallback } from './original.ts'

const STORES: ReadonlySet<number> = new Set([OPCODES.set, OPCODES.add, OPCODES.replace])
const RESTRICTED: ReadonlyMap<number, RestrictedOperation> = new Map([
  [OPCODES.append, 'append'],
  [OPCODES.prepend, 'prepend'],
  [OPCODES.increment, 'increment'],
  [OPCODES.decrement, 'decrement'],
  [OPCODES.touch, 'touch'],
])

/**
 * memjs 1.3 over hardened memcached: its own methods, options and answers, with the layers below.
 *
 * A call that is refused sends nothing and fails as others do, by its promise or callback, with a MemkeepError:
 * `ERR_MEMKEEP_INVALID_KEY`, `ERR_MEMKEEP_UNSUPPORTED_OPERATION`, or what connecting can tell.
 *
 * @example
 * const client = HardenedMemjsClient.create('cache1:11211', { transport: tls({ ca }), auth: sasl({ username, password }) })
 * await client.set('greeting', 'hello', { expires: 60 })
 */
export class HardenedMemjsClient<TIn = string | Uint8Array, TOut = Buffer | null> extends KeyedClient<
  TIn,
  TOut
> {
  readonly #pipeline: Pipeline
  /** The counter of the answer that memjs is being told; its own is wrong from 2^32 on. */
  #count: number | undefined
  #closed = false

  /**
   * Makes a client as `memjs.Client.create` does, from its string or the environment. Arrays and objects are taken
   * too, as by every adapter of Memkeep.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
   * @throws TypeError for an `auth` that does not speak binary, or together with a user name; for options of
   * `MemcachedClient` that memjs cannot follow
   */
  static override create<TIn = string | Uint8Array, TOut = Buffer | null>(
    servers?: EndpointInput,
    options: HardenedMemjsOptions<TIn, TOut> = {},
  ): HardenedMemjsClient<TIn, TOut> {
    const { transport, auth, middleware, allowInsecureAuth = false, ...rest } = checkOptions(options)
    refuseClientOnlyOptions(rest, {
      owner: 'HardenedMemjsClient',
      original: 'memjs',
      servers: 'as the first argument',
      spoken: 'binary',
    })
    const { username, password, ...own } = rest
    const named = readServers(servers)
    if (auth !== undefined) {
      if (auth.protocol !== 'binary') {
        throw new TypeError(
          `HardenedMemjsClient: memjs speaks binary, which a server does not after ${auth.name}: hand in auth: sasl({ username, password })`,
        )
      }
      if (
        username !== undefined ||
        password !== undefined ||
        named.some((each) => each.username !== undefined)
      ) {
        throw new TypeError('HardenedMemjsClient: "auth" and memjs\'s own user name exclude each other')
      }
    }
    const hardening = { ...(transport && { transport }), ...(auth && { auth }) }
    const made = named.map((each) => {
      const server = { ...each, username: each.username ?? username, password: each.password ?? password }
      return new HardenedServer(server, { ...own }, hardening, allowInsecureAuth)
    })
    return new HardenedMemjsClient<TIn, TOut>(made, { ...own, ...(middleware && { middleware }) })
  }

  /** @param servers made by {@link HardenedMemjsClient.create}, which is the way to make a client */
  constructor(
    servers: readonly HardenedServer[],
    given: Omit<HardenedMemjsOptions<TIn, TOut>, 'transport' | 'auth'>,
  ) {
    assertMade(servers)
    const { middleware = [], ...options } = given
    const { serializer } = options
    super(servers, { ...options, serializer: guarded(serializer ?? BYTES) } as object)
    this.#pipeline = composeMiddleware(middleware)
  }

  /** Has open connections keep the process alive, as they do from the start. */
  ref(): this {
    return this.#setRef(true)
  }

  /** Lets the process end though connections are open, as a socket's `unref`: calls under way end with it. */
  unref(): this {
    return this.#setRef(false)
  }

  override get(key: string): Promise<Got<TOut>>
  override get(key: string, callback: GetCallback<TOut>): void
  override get(key: string, callback?: GetCallback<TOut>): unknown {
    // memjs comes back here with a callback of its own
    if (callback === undefined) return OriginalClient.get.call(this, key)
    const answer = callback as Callback
    return OriginalClient.get.call(this, key, (error: Error | null, value: unknown, flags: unknown) => {
      if (value instanceof Unreadable) answer(value.error, null, null)
      else answer(error, value, flags)
    })
  }

  override increment(key: string, amount: number, options?: IncrementDecrementOptions): Promise<Counted>
  override increment(key: string, amount: number, callback: CountCallback): void
  override increment(
    key: string,
    amount: number,
    options: IncrementDecrementOptions,
    callback: CountCallback,
  ): void
  override increment(key: string, amount: number, ...given: unknown[]): unknown {
    return OriginalClient.increment.call(this, key, amount, ...this.#counting(given))
  }

  override decrement(key: string, amount: number, options?: IncrementDecrementOptions): Promise<Counted>
  override decrement(key: string, amount: number, callback: CountCallback): void
  override decrement(
    key: string,
    amount: number,
    options: IncrementDecrementOptions,
    callback: CountCallback,
  ): void
  override decrement(key: string, amount: number, ...given: unknown[]): unknown {
    // memjs, given neither options nor a callback, reads options that are not there
    const [options = {}, ...rest] = this.#counting(given)
    return OriginalClient.decrement.call(this, key, amount, options, ...rest)
  }

  override statsWithKey(key: string, callback: StatsCallback = ignore): void {
    try {
      // of several words, such as "detail dump"; none are the usual statistics
      if (key !== '') assertKey(typeof key === 'string' ? key.replaceAll(' ', '-') : key)
    } catch (error) {
      for (const { host, port } of this.servers) {
        process.nextTick(callback, error, `${host}:${String(port)}`, null)
      }
      return
    }
    super.statsWithKey(key, callback)
  }

  /** memjs's own turns negative after 2^31 requests, which no request can hold. */
  override incrSeq(): void {
    const numbered = this as { seq: number }
    numbered.seq = (this.seq + 1) >>> 0
  }

  override close(): void {
    this.#closed = true
    super.close()
  }

  /** Every command about one key comes through here: a retry with `retries`, and as it was sent first. */
  override perform(
    given: string,
    request: Buffer,
    seq: number,
    callback: Callback = ignore,
    retries?: number,
  ): void {
    if (retries !== undefined) {
      if (this.#closed)
        callback(new MemkeepError('ERR_MEMKEEP_CLOSED', 'The client was closed: make another one.'))
      else super.perform(given, request, seq, callback, retries)
      return
    }
    this.#closed = false
    let hardened: Buffer
    const { key, opcode, refusal } = this.asked
    // memjs's number is that of another request where a serializer used the client meanwhile
    this.incrSeq()
    const opaque = this.seq
    const frame = { ...readFrame(request), opaque, ...(opcode !== undefined && { opcode }) }
    try {
      if (refusal !== undefined) throw refusal
      hardened = this.#harden(key, withExptime(frame))
    } catch (error) {
      process.nextTick(callback, error, null)
      return
    }
    super.perform(key, hardened, opaque, this.#answering(key, frame.opcode, callback))
  }

  #setRef(isRef: boolean): this {
    for (const server of this.servers) {
      if (server instanceof HardenedServer) server.setRef(isRef)
    }
    return this
  }

  #harden(key: string, frame: Frame): Buffer {
    const operation = RESTRICTED.get(frame.opcode)
    const reason = operation && this.#pipeline.refusal(operation, key)
    if (operation !== undefined && reason !== undefined) {
      throw new MemkeepError('ERR_MEMKEEP_UNSUPPORTED_OPERATION', `${operation} was not sent: ${reason}.`)
    }
    const wireKey = this.#pipeline.wireKey(key)
    if (!STORES.has(frame.opcode) || !this.#pipeline.transforms) return writeFrame(frame, wireKey)
    const { value, flags } = this.#pipeline.encode({
      key,
      value: frame.value,
      flags: frame.extras.readUInt32BE(0),
      expiresAt: endOfExptime(frame.extras.readUInt32BE(4)),
    })
    const extras = Buffer.from(frame.extras)
    extras.writeUInt32BE(flags, 0)
    return writeFrame({ ...frame, extras, value }, wireKey)
  }

  /** The callback for what memjs is to see of an answer. */
  #answering(key: string, opcode: number, callback: Callback): Callback {
    const opens = opcode === OPCODES.get
    const counts = opcode === OPCODES.increment || opcode === OPCODES.decrement
    if (!opens && !counts && opcode !== OPCODES.append && opcode !== OPCODES.prepend) return callback
    return (error, result) => {
      if (error !== null) {
        callback(error, null)
        return
      }
      let answer: Response
      try {
        answer = opens ? this.#open(key, result as Response) : asMissing(result as Response)
        if (counts) this.#count = countOf(answer)
      } catch (failure) {
        callback(failure instanceof Error ? failure : new Error(String(failure)), null)
        return
      }
      callback(null, answer)
    }
  }

  #open(key: string, response: Response): Response {
    if (response.header.status !== 0) return response
    if (!this.#pipeline.transforms) return ownMemory(response)
    const value = this.#pipeline.decode({ key, value: response.val, flags: response.extras.readUInt32BE(0) })
    return value === undefined ? notFound(response) : { ...response, val: value }
  }

  /** What a counting method was given, its callback to be told the counter itself. */
  #counting(given: readonly unknown[]): readonly unknown[] {
    return given.map((each) => {
      if (typeof each !== 'function') return each
      const callback = each as Callback
      return (error: Error | null, success: unknown, ...value: unknown[]) => {
        callback(error, success, ...(success === true ? [this.#count] : value))
      }
    })
  }
}

function ignore(): void {
  // memjs lets its callers leave the callback out
}
