import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { MAX_CHUNK_BYTES, type Channel } from '@memkeep/core'
import { WriteBatch } from '../connection/write-batch.ts'
import { TextSession } from './text-session.ts'

type Callback = (error?: Error | null) => void
/** What a channel may have of a socket. */
type SocketLike = Partial<Pick<Socket, 'setKeepAlive' | 'setNoDelay' | 'ref' | 'unref'>>

/** The streams of a {@link TextSession}: a client that speaks text on this side, a binary channel on the other. */
export class TextBridge extends Duplex implements Channel {
  readonly remoteAddress: string | undefined
  readonly #channel: Channel
  readonly #socket: SocketLike
  readonly #batch: WriteBatch
  readonly #session: TextSession
  /** The client's chunk that is not run to its end. */
  #writing: Callback | undefined
  /** What waits for the last answers. */
  #ending: Callback | undefined
  /** Whether the client has more answers than it takes. */
  #full = false
  /** Whether the end of this turn is awaited. */
  #turning = false
  /** Whether the client was told that nothing more comes. */
  #over = false

  constructor(channel: Channel) {
    super({ allowHalfOpen: false, readableHighWaterMark: 4 * MAX_CHUNK_BYTES })
    this.remoteAddress = channel.remoteAddress
    this.#channel = channel
    this.#socket = channel as SocketLike
    this.#batch = new WriteBatch((chunk) => {
      // one that the server has ended takes nothing more
      if (channel.writable) channel.write(chunk)
    })
    this.#session = new TextSession(this.#batch)
    // a fault between two owners of the channel must not be thrown
    this.on('error', () => undefined)
    channel
      .on('data', (chunk: Buffer) => {
        this.#receive(chunk)
      })
      .on('drain', () => {
        this.#run()
      })
      .on('end', () => {
        this.#answer()
        this.#finish()
      })
      .on('error', (error: Error) => {
        this.destroy(error)
      })
      .on('close', () => {
        this.#closed()
      })
    if (channel.destroyed) this.destroy(channel.errored ?? undefined)
  }

  /** As a socket's, where the channel has it. */
  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socket.setKeepAlive?.(enable, initialDelay)
    return this
  }

  /** As a socket's, where the channel has it. */
  setNoDelay(noDelay?: boolean): this {
    this.#socket.setNoDelay?.(noDelay)
    return this
  }

  /** As a socket's, where the channel has it. */
  ref(): this {
    this.#socket.ref?.()
    return this
  }

  /** As a socket's, where the channel has it. */
  unref(): this {
    this.#socket.unref?.()
    return this
  }

  override _read(): void {
    if (!this.#full) return
    this.#full = false
    this.#channel.resume()
    this.#run()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    this.#session.write(chunk)
    this.#writing = done
    this.#run()
  }

  override _final(done: Callback): void {
    this.#ending = done
    this.#answer()
    this.#endChannel()
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#over = true
    this.#channel.destroy()
    done(error)
  }

  /** Runs what the client wrote, until there is no whole command, or one of the two sides has enough. */
  #run(): void {
    while (!this.#over && !this.#blocked && this.#session.step());
    if (this.#batch.pending || this.#session.waiting > 0 || this.#session.ended) this.#endTurn()
    if (this.#blocked) return
    const written = this.#writing
    this.#writing = undefined
    written?.()
  }

  get #blocked(): boolean {
    if (this.#over) return false
    return this.#full || this.#session.waiting >= MAX_CHUNK_BYTES || this.#channel.writableNeedDrain
  }

  /**
   * Writes the commands of one turn of the event loop together, and gives the answers that need no server: no client
   * expects those while it still writes.
   */
  #endTurn(): void {
    if (this.#turning) return
    this.#turning = true
    process.nextTick(() => {
      this.#turning = false
      if (this.#over) return
      this.#batch.flush()
      this.#answer()
      this.#run()
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return
    try {
      this.#session.receive(chunk)
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#answer()
  }

  #answer(): void {
    if (this.#over) return
    for (const part of this.#session.takeAnswers()) {
      if (this.push(part)) continue
      this.#full = true
      this.#channel.pause()
    }
    if (this.#session.ended) this.#finish()
    else this.#endChannel()
  }

  /** Ends the channel when the client has, and every answer was given. */
  #endChannel(): void {
    const done = this.#ending
    if (done === undefined || !(this.#session.settled || this.#over)) return
    this.#ending = undefined
    this.#batch.flush()
    this.#channel.end(() => {
      done()
    })
  }

  /** Tells the client that nothing more comes: the server, or the client by quit, ended it. */
  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.push(null)
    this.#batch.flush()
    this.#channel.end()
    this.#run()
    this.#endChannel()
  }

  /** The channel is gone: what the client was told before it may still read. */
  #closed(): void {
    if (!this.#over) this.destroy(this.#channel.errored ?? undefined)
  }
}
