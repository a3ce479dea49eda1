import { randomInt } from 'node:crypto'
import type { Channel } from '@memkeep/core'
import { named, time } from '@memkeep/core/internal'
import type { CallClock, Moment } from '../clock/call-clock.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { desynchronised, type Reply } from '../protocol/reply.ts'
import { ReplyReader } from '../protocol/reply-reader.ts'
import type { Request } from './request.ts'
import { RequestQueue } from './request-queue.ts'
import { WriteBatch } from './write-batch.ts'

/** Below this the first token of a connection is drawn: few digits, which cross the wire twice. */
const FIRST_TOKENS = 1_000_000

/** As many bytes are gathered at most before they are written, by one system call. */
const MAX_GATHERED_BYTES = 65_536

/** Far more statistics than a server has: those of 10,000 connections (`stats conns`) are 90,000. */
const MAX_STATISTICS = 250_000

/** What a {@link Connection} works with. */
export interface ConnectionOptions {
  readonly channel: Channel
  readonly protocol: Protocol
  readonly clock: CallClock
  /** The server as the user wrote it, for messages. */
  readonly server: string
  /** Longer values, in bytes, are not read. */
  readonly maxValueBytes: number
  /** Called after replies came: there is room for more requests. */
  readonly onReplies: (connection: Connection) => void
  /** Called once, when the connection can take no more requests. */
  readonly onClose: (connection: Connection, left: Leftovers) => void
}

/** What a connection leaves behind. */
export interface Leftovers {
  /** Requests whose bytes went out, in their order; none is settled. */
  readonly written: readonly Request[]
  /** Requests of which no byte went out, in their order. */
  readonly unwritten: readonly Request[]
  /** Why it ended; undefined when this side, or the server without a word, closed it. */
  readonly cause: Error | undefined
}

/**
 * Requests pipelined over one channel: written in whole-command batches once a turn, answered in order. A reply
 * reaches its own caller or nobody: tokens are checked, what comes after a timeout is thrown away, and a reply that
 * fits no request closes the connection.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #protocol: Protocol
  readonly #reader: ReplyReader
  readonly #queue = new RequestQueue()
  readonly #batch: WriteBatch
  /** The token of the last command in the batch or written; they start anywhere, so that no other connection has them. */
  #opaque: number = randomInt(FIRST_TOKENS)
  /** The token of the last command that was written. */
  #sent: number = this.#opaque
  /** How many requests at the end of the queue are still in the batch. */
  #unwritten = 0
  /** Whether the end of this turn is awaited. */
  #turning = false
  /** Bytes that were given to the channel and not handed over. */
  #gathered = 0
  #commands = 0
  #bytes = 0
  #closed = false
  #draining = false
  /** The turn in which the oldest of those was sent that left the connection never idle since. */
  #busySince: Moment
  /** When the last reply was complete. */
  #lastReply = -Infinity
  /** Replies that were complete. */
  #replies = 0
  /** Statistics in a row. */
  #statistics = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#busySince = options.clock.turn()
    this.#protocol = options.protocol
    this.#batch = new WriteBatch((chunk) => {
      this.#unwritten = 0
      this.#sent = this.#opaque
      this.#write(chunk)
    })
    this.#reader = new ReplyReader(
      options.protocol,
      (reply) => {
        this.#onReply(reply)
      },
      options.maxValueBytes,
    )
    options.channel
      .on('data', (chunk: Buffer) => {
        this.#onData(chunk)
      })
      .on('error', (error) => {
        this.#end(error)
      })
      .on('end', () => {
        this.#end(undefined)
      })
      .on('close', () => {
        this.#end(options.channel.errored ?? undefined)
      })
      .resume()
    // what happened between the handshake and now
    if (options.channel.destroyed) this.#end(options.channel.errored ?? undefined)
  }

  /** False once it can take no more requests. */
  get open(): boolean {
    return !this.#closed
  }

  /** Commands written, or about to be, that are not answered. */
  get commands(): number {
    return this.#commands
  }

  /** The most bytes that those commands are. */
  get bytes(): number {
    return this.#bytes
  }

  /** The name of the protocol that it speaks. */
  get protocol(): Protocol['name'] {
    return this.#protocol.name
  }

  /**
   * When it counts as dead unless a reply is complete before, in milliseconds of the client's clock: after as long as
   * the most patient of those requests has that are due on the wire, whether their callers still wait or not. Infinity
   * when none is due.
   *
   * @param least milliseconds that any server has
   */
  silentAt(least: number): number {
    if (this.#commands === 0) return Infinity
    let patience = least
    for (const { timeout } of this.#queue) if (timeout > patience) patience = timeout
    return Math.max(this.#lastReply, this.#busySince.at) + patience
  }

  /** Milliseconds since the last reply, or the opening; 0 while a reply is due. */
  get idleFor(): number {
    if (this.#commands > 0) return 0
    return this.#options.clock.now() - Math.max(this.#lastReply, this.#busySince.at)
  }

  /** Takes a request into the batch that is written at the end of this turn. */
  send(request: Request): void {
    if (this.#commands === 0) this.#busySince = request.turn
    const { count } = request
    this.#queue.push(request)
    this.#unwritten++
    request.opaque = (this.#opaque + 1) >>> 0
    request.bytes = 0
    for (let index = 0; index < count; index++) {
      const command = request.at(index)
      const bound = this.#protocol.bound(command)
      // this may write those before, which the token must not run ahead of
      const out = this.#batch.reserve(bound)
      this.#opaque = (this.#opaque + 1) >>> 0
      this.#batch.commit(this.#protocol.write(command, this.#opaque, out, this.#batch.at))
      request.bytes += bound
    }
    request.end = this.#batch.at
    this.#commands += count
    this.#bytes += request.bytes
    if (!this.#batch.pending) return
    // the chunk before was full, and did not take this one along
    if (this.#unwritten === 0) this.#unwritten = 1
    this.#endTurn()
  }

  /** The requests that wait for a reply, oldest first; settled ones among them. */
  requests(): Iterable<Request> {
    return this.#queue
  }

  /** Closes it when everything that it was asked is answered: it must be asked nothing more. */
  drain(): void {
    this.#draining = true
    this.#closeIfDrained()
  }

  /** Has it keep the process alive, as it does from the start. */
  ref(): void {
    this.#options.channel.ref?.()
  }

  /** Lets the process end though it is open. */
  unref(): void {
    this.#options.channel.unref?.()
  }

  /** Closes it now; what it leaves goes to `onClose`. */
  destroy(cause?: Error): void {
    this.#end(cause)
  }

  /**
   * Writes the first chunk of a turn at once, so that the server has work, and gathers the others: a system call for
   * each of them would cost more than they do.
   */
  #write(chunk: Buffer): void {
    const { channel } = this.#options
    channel.write(chunk)
    if (this.#gathered === 0) channel.cork()
    this.#gathered += chunk.length
    if (this.#gathered >= MAX_GATHERED_BYTES) this.#release()
    this.#endTurn()
  }

  /** Hands over what was gathered. */
  #release(): void {
    if (this.#gathered === 0) return
    this.#gathered = 0
    this.#options.channel.uncork()
  }

  /** Writes everything at the end of this turn. */
  #endTurn(): void {
    if (this.#turning) return
    this.#turning = true
    time.setImmediate(() => {
      if (this.#closed) return
      this.#batch.flush()
      this.#release()
      this.#turning = false
    })
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return
    const replies = this.#replies
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#end(named(this.#options.server, error) as Error)
      return
    }
    if (this.#replies > replies) this.#lastReply = this.#options.clock.now()
    this.#options.onReplies(this)
    this.#closeIfDrained()
  }

  #closeIfDrained(): void {
    if (this.#draining && this.#commands === 0) this.#end(undefined)
  }

  #onReply(reply: Reply): void {
    const request = this.#queue.peek()
    if (request === undefined) throw desynchronised('sent a reply that nobody asked for')
    const opaque = (request.opaque + request.answered) >>> 0
    if (((opaque - this.#sent) | 0) > 0) throw desynchronised('sent a reply before it was asked')
    const command = request.at(request.answered)
    if (!this.#protocol.belongs(reply, command, opaque)) {
      throw desynchronised('sent a reply that belongs to another request')
    }
    const last = reply.status !== 'stat'
    this.#statistics = last ? 0 : this.#statistics + 1
    if (this.#statistics > MAX_STATISTICS) throw desynchronised('sent statistics without an end')
    request.answer(reply, last)
    if (!last) return
    this.#replies++
    this.#commands--
    if (request.answered < request.count) return
    this.#bytes -= request.bytes
    this.#queue.shift()
  }

  #end(cause: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#options.channel.destroy()
    const all = this.#queue.drain()
    const written = all.length - this.#unwritten
    const unwritten = all.slice(written).filter(({ settled }) => !settled)
    for (const request of unwritten) this.#recover(request)
    this.#commands = this.#bytes = this.#unwritten = 0
    this.#options.onClose(this, {
      written: all.slice(0, written).filter(({ settled }) => !settled),
      unwritten,
      cause,
    })
  }

  /** Gives a request that is to be written elsewhere the value of its call, which its caller may have changed since. */
  #recover(request: Request): void {
    const { value, end } = request
    if (value === undefined) return
    const valueEnd = end - this.#protocol.trailerBytes
    request.replaceValue(this.#batch.copy(valueEnd - value.length, valueEnd))
  }
}
