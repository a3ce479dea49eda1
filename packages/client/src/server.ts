import {
  formatEndpoint,
  MemkeepError,
  openChannel,
  type Authenticator,
  type Endpoint,
  type Transport,
} from '@memkeep/core'
import { checkMeta } from './connection/check-meta.ts'
import { Connection } from './connection/connection.ts'
import { binary } from './protocol/binary.ts'
import type { Command } from './protocol/command.ts'
import { meta } from './protocol/meta.ts'
import type { Reply } from './protocol/reply.ts'

/** How a {@link Server} is reached. */
export interface ServerOptions {
  readonly endpoint: Endpoint
  readonly transport: Transport
  readonly auth: Authenticator | undefined
  /** Milliseconds for transport and authentication together. */
  readonly connectTimeout: number
  /** Milliseconds that a reply may take. */
  readonly timeout: number
}

/** One memcached server: connects with the first command, and again with the next one after a loss. */
export class Server {
  readonly #options: ServerOptions
  readonly #closing = new AbortController()
  #connection: Connection | undefined
  #opening: Promise<Connection> | undefined

  constructor(options: ServerOptions) {
    this.#options = options
  }

  /** Sends a command on the open connection, or on the one that it opens. */
  send<T>(command: Command, finish: (reply: Reply) => T): Promise<T> {
    const connection = this.#connection
    if (connection?.open === true && !this.#closing.signal.aborted) return connection.send(command, finish)
    return this.#open().then((opened) => opened.send(command, finish))
  }

  /** Waits for replies that are due, then closes for good. */
  async close(): Promise<void> {
    this.#closing.abort(closed())
    await this.#opening?.catch(() => undefined)
    await this.#connection?.close()
  }

  #open(): Promise<Connection> {
    if (this.#closing.signal.aborted) return Promise.reject(closed())
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #connect(): Promise<Connection> {
    const { endpoint, transport, auth, connectTimeout, timeout } = this.#options
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      deadline.abort(new DOMException('The connection took too long', 'TimeoutError'))
    }, connectTimeout)
    try {
      const signal = AbortSignal.any([deadline.signal, this.#closing.signal])
      const protocol = auth?.protocol === 'binary' ? binary : meta
      const check = protocol === meta ? checkMeta(formatEndpoint(endpoint)) : undefined
      const channel = await openChannel(endpoint, { transport, auth, check, signal })
      this.#connection = new Connection({
        channel,
        protocol,
        server: formatEndpoint(endpoint),
        timeout,
        onClose: () => {
          this.#connection = undefined
        },
      })
      return this.#connection
    } finally {
      clearTimeout(timer)
    }
  }
}

function closed(): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_CLOSED', 'The client is closed: make a new one.')
}
