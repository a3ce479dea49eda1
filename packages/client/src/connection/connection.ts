import { MemkeepError, type Channel } from '@memkeep/core'
import type { Command } from '../protocol/command.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { desynchronised, type Reply } from '../protocol/reply.ts'
import { ReplyReader } from '../protocol/reply-reader.ts'
import { RequestQueue } from './request-queue.ts'
import { WriteBatch } from './write-batch.ts'

/** What a {@link Connection} works with. */
export interface ConnectionOptions {
  readonly channel: Channel
  readonly protocol: Protocol
  /** The server as the user wrote it, for messages. */
  readonly server: string
  /** Milliseconds that a reply may take. */
  readonly timeout: number
  /** Called once, when the connection can take no more commands. */
  readonly onClose: () => void
}

/**
 * Requests pipelined over one channel: written in whole-command batches once a turn, answered in order. A reply
 * reaches its own caller or nobody: opaque tokens are checked, what comes after a timeout is thrown away, and a
 * reply that fits no request closes the connection.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #reader: ReplyReader
  readonly #queue = new RequestQueue()
  readonly #batch = new WriteBatch()
  #opaque = 0
  #flushing = false
  #closed = false
  #receivedAt = 0
  #timer: NodeJS.Timeout | undefined
  #onIdle: (() => void) | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#reader = new ReplyReader(options.protocol, (reply) => {
      this.#onReply(reply)
    })
    options.channel
      .on('data', (chunk: Buffer) => {
        this.#onData(chunk)
      })
      .on('error', (error) => {
        this.#fail(error)
      })
      .on('end', () => {
        this.#fail(null)
      })
      .on('close', () => {
        this.#fail(options.channel.errored)
      })
      .resume()
    // what happened between the handshake and now
    if (options.channel.destroyed) this.#fail(options.channel.errored)
  }

  /** False once it can take no more commands. */
  get open(): boolean {
    return !this.#closed
  }

  /** Sends a command; `finish` makes the result from the reply, during whose call alone a value's view is valid. */
  send<T>(command: Command, finish: (reply: Reply) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(this.#lost(null))
        return
      }
      const { protocol } = this.#options
      const opaque = (this.#opaque = (this.#opaque + 1) >>> 0)
      const out = this.#batch.reserve(protocol.bound(command))
      this.#batch.commit(protocol.write(command, opaque, out, this.#batch.at))
      this.#queue.push({
        opaque,
        sentAt: performance.now(),
        settle: (reply) => {
          try {
            resolve(finish(reply))
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)))
          }
        },
        reject,
        abandoned: false,
      })
      this.#scheduleFlush()
      this.#timer ??= this.#watch(this.#options.timeout)
    })
  }

  /** Waits for the replies that are due, then closes. Every reply has its timeout, so this ends. */
  async close(): Promise<void> {
    if (!this.#idle) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#fail(null)
  }

  /** Whether no caller waits for a reply. */
  get #idle(): boolean {
    for (const request of this.#queue) if (!request.abandoned) return false
    return true
  }

  #scheduleFlush(): void {
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      if (this.#closed) return
      for (const chunk of this.#batch.take()) this.#options.channel.write(chunk)
    })
  }

  #onData(chunk: Buffer): void {
    this.#receivedAt = performance.now()
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#fail(error as Error)
    }
    if (this.#onIdle !== undefined && this.#idle) this.#onIdle()
  }

  #onReply(reply: Reply): void {
    const request = this.#queue.peek()
    if (request === undefined) throw desynchronised('sent a reply that nobody asked for')
    // what carries no token belongs to the oldest request
    if (reply.opaque !== undefined && reply.opaque !== request.opaque) {
      throw desynchronised('sent a reply that belongs to another request')
    }
    this.#queue.shift()
    if (!request.abandoned) request.settle(reply)
  }

  /** One timer for all requests: it looks at the oldest and sets itself anew. */
  #watch(delay: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined
      this.#expire()
    }, delay).unref()
  }

  #expire(): void {
    const { timeout, server } = this.#options
    const now = performance.now()
    for (const request of this.#queue) {
      if (request.abandoned) continue
      const left = request.sentAt + timeout - now
      if (left > 0) {
        this.#timer = this.#watch(left)
        return
      }
      request.abandoned = true
      const error = new MemkeepError(
        'ERR_MEMKEEP_COMMAND_TIMEOUT',
        `${server} did not answer within ${String(timeout)} ms: check its load and the network, or raise "timeout".`,
      )
      request.reject(error)
      // not one byte since: the connection is dead, and the others need not wait
      if (this.#receivedAt < request.sentAt) {
        this.#fail(error)
        return
      }
    }
    this.#onIdle?.()
  }

  #fail(cause: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    this.#options.channel.destroy()
    for (const request of this.#queue.drain()) {
      if (!request.abandoned) request.reject(this.#lost(cause))
    }
    this.#onIdle?.()
    this.#options.onClose()
  }

  #lost(cause: Error | null): MemkeepError {
    return new MemkeepError(
      'ERR_MEMKEEP_CONNECTION_LOST',
      `The connection to ${this.#options.server} was lost before the reply came; the command may or may not have been carried out.`,
      { cause },
    )
  }
}
