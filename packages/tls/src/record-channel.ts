import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { MAX_CHUNK_BYTES, type Channel } from '@memkeep/core'

type Callback = (error?: Error | null) => void
type Explain = (cause: Error | null, accepted: boolean) => Error

/**
 * A TLS connection that keeps every written chunk whole: no TLS record holds the end of one chunk and the start of
 * another unless both are whole in it. memcached before 1.6.39 hangs on records that do not keep to that.
 *
 * Chunks that wait are joined up to {@link MAX_CHUNK_BYTES}, a longer one goes alone, and one write is in flight at
 * a time, since Node would merge queued writes and lose the boundaries.
 */
export class RecordChannel extends Duplex implements Channel {
  readonly remoteAddress: string | undefined
  readonly #socket: TLSSocket
  readonly #explain: (cause: Error | null) => Error
  #accepted = false

  constructor(socket: TLSSocket, explain: Explain) {
    super({ allowHalfOpen: false, readableHighWaterMark: 4 * MAX_CHUNK_BYTES })
    this.remoteAddress = socket.remoteAddress
    this.#socket = socket
    this.#explain = (cause) => explain(cause, this.#accepted)
    // a fault between two owners of the channel must not be thrown
    this.on('error', () => undefined)
    socket
      .on('data', (chunk: Buffer) => {
        this.#accepted = true
        if (!this.push(chunk)) socket.pause()
      })
      .on('end', () => {
        if (this.#accepted || this.writableEnded) this.push(null)
      })
      .on('error', (error: Error) => {
        this.destroy(this.#explain(error))
      })
      .on('close', () => {
        this.destroy(this.#accepted || this.writableFinished ? undefined : this.#explain(null))
      })
  }

  /** As a socket's, for clients of others. */
  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socket.setKeepAlive(enable, initialDelay)
    return this
  }

  /** As a socket's, for clients of others. */
  setNoDelay(noDelay?: boolean): this {
    this.#socket.setNoDelay(noDelay)
    return this
  }

  /** As a socket's: this connection keeps the process running, which is so from the start. */
  ref(): this {
    this.#socket.ref()
    return this
  }

  /** As a socket's: this connection does not keep the process running. */
  unref(): this {
    this.#socket.unref()
    return this
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    this.#send(chunk, done)
  }

  override _writev(waiting: readonly { readonly chunk: Buffer }[], done: Callback): void {
    let next = 0
    const sendNext: Callback = (error) => {
      const first = waiting[next]
      if (error != null || first === undefined) {
        done(error)
        return
      }
      const joined = [first.chunk]
      let bytes = first.chunk.length
      for (next++; next < waiting.length; next++) {
        const chunk = waiting[next]?.chunk
        if (chunk === undefined || bytes + chunk.length > MAX_CHUNK_BYTES) break
        joined.push(chunk)
        bytes += chunk.length
      }
      this.#send(joined.length === 1 ? first.chunk : Buffer.concat(joined, bytes), sendNext)
    }
    sendNext()
  }

  override _final(done: Callback): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#socket.destroy()
    done(error)
  }

  #send(chunk: Buffer, done: Callback): void {
    this.#socket.write(chunk, (error) => {
      done(error == null ? null : (this.errored ?? this.#explain(error)))
    })
  }
}
