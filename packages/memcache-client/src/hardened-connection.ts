import type { Socket } from 'node:net'
import { bridgeText, type Hardening } from '@memkeep/client'
import { MemkeepError, openChannel, parseEndpoint, tcp, type Channel } from '@memkeep/core'
import {
  MemcacheConnection,
  Status,
  type CommandContext,
  type MemcacheClient,
  type MemcacheNode,
  type QueuedCommandContext,
} from 'memcache-client'

/** Milliseconds for transport and authentication together, when the client's `connectTimeout` says nothing. */
const CONNECT_TIMEOUT = 5_000

/** A connection of memcache-client that is opened through the layers. */
export class HardenedConnection extends MemcacheConnection {
  readonly #hardening: Hardening
  readonly #opening = new AbortController()
  #retiring = false

  constructor(client: MemcacheClient, node: MemcacheNode, hardening: Hardening) {
    super(client, node)
    this.#hardening = hardening
  }

  /** @throws MemkeepError as `openChannel`, marked as the original marks what makes it exile a server */
  override connect(server: string): Promise<MemcacheConnection> {
    const opening = this.#open(server)
    this._status = Status.CONNECTING
    this._connectPromise = opening
    return opening
  }

  /** Has what is written in this turn sent together: a system call each would be most of the work. */
  gather(): void {
    const { socket } = this
    if (socket === undefined || socket.writableCorked > 0) return
    socket.cork()
    process.nextTick(() => {
      socket.uncork()
    })
  }

  override queueCommand(context: CommandContext): void {
    // no key of the cache is a property that every object has
    context.results = Object.create(null) as Record<string, unknown>
    super.queueCommand(context)
  }

  override dequeueCommand(): QueuedCommandContext | undefined {
    const command = super.dequeueCommand()
    if (this.#retiring) this.#leave()
    return command
  }

  override _shutdown(message: string, keepSocket?: boolean): void {
    this.#opening.abort(new Error(message))
    super._shutdown(message, keepSocket)
  }

  async #open(server: string): Promise<MemcacheConnection> {
    const { client } = this
    const { transport = tcp(), auth } = this.#hardening
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      deadline.abort(new DOMException('The connection took too long', 'TimeoutError'))
    }, client?.options.connectTimeout ?? CONNECT_TIMEOUT)
    try {
      const channel = await openChannel(parseEndpoint(server), {
        transport,
        auth,
        signal: AbortSignal.any([deadline.signal, this.#opening.signal]),
        onRetire: () => {
          this.#retire()
        },
      })
      this.#use(auth?.protocol === 'binary' ? bridgeText(channel) : channel)
      return this
    } catch (error) {
      if (this.isShutdown() || !(error instanceof Error)) throw error
      if (error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_CONNECT_TIMEOUT') {
        client?.emit('timeout', { socket: undefined, keepDangleSocket: client.options.keepDangleSocket })
      }
      this._shutdown('connect failed')
      throw Object.assign(error, { connecting: true })
    } finally {
      clearTimeout(timer)
    }
  }

  #use(channel: Channel): void {
    // it has of a socket what the original asks of one
    const socket = channel as unknown as Socket
    this.socket = socket
    this._status = Status.READY
    this._connectPromise = undefined
    this._setupConnection(socket)
  }

  /** Finishes what is under way; what comes after takes another connection. */
  #retire(): void {
    this.node?.endConnection(this)
    this.#retiring = true
    this.#leave()
  }

  #leave(): void {
    // who was given this connection in this turn has his command on it by then
    setImmediate(() => {
      if (this._cmdQueue.length === 0) this._shutdown('replaced')
    })
  }
}
