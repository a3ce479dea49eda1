import { bridgeText, type Hardening } from '@memkeep/client'
import { MemkeepError, openChannel, parseEndpoint, tcp, type Channel } from '@memkeep/core'
import { displayText } from '@memkeep/core/internal'
import {
  MemcacheConnection,
  Status,
  type CommandContext,
  type MemcacheClient,
  type MemcacheNode,
  type QueuedCommandContext,
} from 'memcache-client'
import { AnswerWait } from './answer-wait.ts'
import { assertAnswer, protocolError } from './answer-line.ts'
import { asSocket } from './as-socket.ts'
import type { ConnectionInternals } from './original.ts'

/** Milliseconds for transport and authentication together, when the client's `connectTimeout` says nothing. */
const CONNECT_TIMEOUT = 5_000

/** A connection of memcache-client that is opened through the layers. */
export class HardenedConnection extends MemcacheConnection {
  readonly #hardening: Hardening
  readonly #opening = new AbortController()
  readonly #onRetire: () => void
  readonly #wait: AnswerWait
  #opened: Promise<MemcacheConnection> | undefined
  #retiring = false
  #isRef = true

  /** @param onRetire called when it is to get nothing new */
  constructor(client: MemcacheClient, node: MemcacheNode, hardening: Hardening, onRetire: () => void) {
    super(client, node)
    this.#hardening = hardening
    this.#onRetire = onRetire
    this.#wait = new AnswerWait(node.options.server, this._cmdTimeout)
  }

  /** @throws MemkeepError as `openChannel`, marked as the original marks what makes it exile a server */
  override connect(server: string): Promise<MemcacheConnection> {
    const opening = this.#open(server)
    // nobody may be left who waits for it
    opening.catch(() => undefined)
    this._status = Status.CONNECTING
    this._connectPromise = this.#opened = opening
    return this.#wait.for(opening)
  }

  override waitReady(): ReturnType<MemcacheConnection['waitReady']> {
    const opened = this.isConnecting() ? this.#opened : undefined
    return opened === undefined ? super.waitReady() : this.#wait.for(opened)
  }

  /** Sets whether it keeps the process alive, with the command that it waits for. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef
    applyRef(this.socket, isRef)
    applyRef(this.#commandTimer, isRef)
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

  override _startCmdTimeout(): void {
    super._startCmdTimeout()
    if (!this.#isRef) applyRef(this.#commandTimer, false)
  }

  override dequeueCommand(): QueuedCommandContext | undefined {
    const command = super.dequeueCommand()
    if (this.#retiring) this.#leave()
    return command
  }

  /** What a server says ends no process, and once it is not understood, nothing more of it is believed. */
  override onData(data: Buffer | undefined): void {
    try {
      super.onData(data)
    } catch (error) {
      const told =
        error instanceof MemkeepError ? error : protocolError('broke the protocol', { cause: error })
      for (const command of this._cmdQueue.splice(0).reverse()) command.callback(told)
      this._shutdown(told.message)
    }
  }

  override processCmd(tokens: string[]): number {
    assertAnswer(tokens, this._cmdQueue.length)
    return super.processCmd(tokens)
  }

  /** The original makes the message of an error of these. */
  override cmdAction_ERROR(tokens: string[]): void {
    super.cmdAction_ERROR(tokens.length > 1 ? tokens.map(displayText) : tokens)
  }

  override malformDataStream(): void {
    throw protocolError('sent a value that does not end where it should')
  }

  override _shutdown(message: string, keepSocket?: boolean): void {
    this.#opening.abort(new Error(message))
    super._shutdown(message, keepSocket)
  }

  get #commandTimer(): NodeJS.Timeout | undefined {
    return (this as unknown as ConnectionInternals)._checkCmdTimer
  }

  async #open(server: string): Promise<MemcacheConnection> {
    const { client } = this
    const { transport = tcp(), auth } = this.#hardening
    const deadline = new AbortController()
    const { connectTimeout = CONNECT_TIMEOUT } = client?.options ?? {}
    const startTimer = (milliseconds: number): NodeJS.Timeout =>
      setTimeout(() => {
        deadline.abort(new DOMException('The connection took too long', 'TimeoutError'))
      }, milliseconds)
    // the original takes 0 for none
    let timer = connectTimeout > 0 ? startTimer(connectTimeout) : undefined
    try {
      const channel = await openChannel(parseEndpoint(server), {
        transport,
        auth,
        // a proxy may close the connection at "version"
        probe: 'get',
        signal: AbortSignal.any([deadline.signal, this.#opening.signal]),
        onConnected: () => {
          this.#wait.start()
          // a server that is silent then is given up, as the original gives up one that answers no command
          timer ??= startTimer(CONNECT_TIMEOUT)
        },
        onRetire: () => {
          this.#retire()
        },
      })
      if (this.isShutdown()) channel.destroy()
      this.#opening.signal.throwIfAborted()
      this.#use(auth?.protocol === 'binary' ? bridgeText(channel) : channel)
      return this
    } catch (error) {
      if (this.isShutdown() || !(error instanceof Error)) throw error
      const isTimeout = error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_CONNECT_TIMEOUT'
      const { started: isSilent } = this.#wait
      if (isTimeout && !isSilent) {
        client?.emit('timeout', { socket: undefined, keepDangleSocket: client.options.keepDangleSocket })
      }
      this._shutdown('connect failed')
      if (isTimeout && isSilent) throw error
      throw Object.assign(error, { connecting: true })
    } finally {
      clearTimeout(timer)
    }
  }

  #use(channel: Channel): void {
    const socket = asSocket(channel)
    this.socket = socket
    this._status = Status.READY
    this._connectPromise = undefined
    this._setupConnection(socket)
    if (!this.#isRef) applyRef(socket, false)
    // transports turn it on, and the original would leave it so
    if (this.client?.options.keepAlive === false) socket.setKeepAlive(false)
    if (this.#retiring) this.#leave()
  }

  /** Finishes what is under way; what comes after takes another connection. */
  #retire(): void {
    this.#onRetire()
    this.#retiring = true
    // one that is being opened is used by those who wait for it
    if (this.isReady()) this.#leave()
  }

  #leave(): void {
    // who was given this connection in this turn has his command on it by then
    setImmediate(() => {
      if (this._cmdQueue.length === 0) this._shutdown('replaced')
    })
  }
}

function applyRef(handle: { ref(): unknown; unref(): unknown } | undefined, isRef: boolean): void {
  if (isRef) handle?.ref()
  else handle?.unref()
}
