import type { Socket } from 'node:net'
import type { Hardening } from '@memkeep/client'
import { formatEndpoint, MemkeepError, openChannel, tcp, type Channel } from '@memkeep/core'
import memjs, { type Response, type ServerOptions } from 'memjs'
import type { NamedServer } from './options.ts'
import { OriginalServer, type MaybeSocket, type ServerState } from './original.ts'
import { plainAuth } from './plain-auth.ts'
import { safely } from './safely.ts'

/** @throws TypeError for servers that `create` has not made, which have no layers */
export function assertMade(servers: unknown): void {
  if (Array.isArray(servers) && servers.every((server) => server instanceof HardenedServer)) return
  throw new TypeError(
    "HardenedMemjsClient is made by create: write HardenedMemjsClient.create('cache1:11211', { transport, auth, middleware })",
  )
}

/** A server of memjs whose connections are opened through the layers. */
export class HardenedServer extends memjs.Server {
  readonly #named: NamedServer
  readonly #hardening: Hardening
  #opening: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  /** Whether the server took the connection that is being opened. */
  #isTaken = false
  /** Runs while calls wait for a server that took the connection. */
  #silence: NodeJS.Timeout | undefined
  #retiring = false
  #isRef = true

  constructor(
    named: NamedServer,
    options: Omit<ServerOptions, 'username' | 'password'>,
    { transport, auth }: Hardening,
    allowInsecureAuth: boolean,
  ) {
    const { endpoint } = named
    const at = 'path' in endpoint ? ([endpoint.path, 0] as const) : ([endpoint.host, endpoint.port] as const)
    super(...at, named.username, named.password, options)
    const { username, password } = this
    // what prints a server must not print this
    for (const name of ['username', 'password']) Reflect.deleteProperty(this, name)
    const own =
      username === undefined || password === undefined || username === '' || password === ''
        ? undefined
        : plainAuth({ username, password, allowInsecureAuth })
    this.#named = named
    this.#hardening = {
      ...(transport && { transport }),
      ...((auth ?? own) && { auth: auth ?? own }),
    } as Hardening
  }

  override sock(_sasl: boolean, go: (socket: Socket) => void): void {
    const state = this.#state
    if (state._socket !== undefined && !this.#retiring) {
      go(state._socket)
      return
    }
    state.connectCallbacks.push(go)
    if (state._socket === undefined) this.#open()
    this.#watchSilence()
  }

  override onResponse(seq: number, answered: (response: Response) => void): void {
    super.onResponse(seq, safely(answered))
  }

  override onError(seq: number, failed: (error: Error) => void): void {
    super.onError(seq, safely(failed))
  }

  override write(blob: Uint8Array | string): void {
    const { timeout = 0.5 } = this.options
    this.sock(false, (socket) => {
      socket.write(blob)
      this.#state.requestTimeouts.push(performance.now() + timeout * 1000)
      this.#watch()
    })
  }

  /** memjs calls it for each response. */
  respond(response: Response): void {
    OriginalServer.respond.call(this, response)
    const { status, opaque } = response.header
    if (status !== 0 && opaque in this.responseCallbacks) {
      // an error ends statistics too; memjs waits on, and gives up the connection and all that is on it
      for (const callbacks of [this.responseCallbacks, this.errorCallbacks]) {
        Reflect.deleteProperty(callbacks, opaque)
      }
      this.#state.requestTimeouts.shift()
    }
    if (this.#retiring) this.#leave()
  }

  /** memjs calls it with a text when a server refuses a command for want of authentication. */
  override error(error: unknown): void {
    this.#opening?.abort(error)
    this.#endOpening()
    this.#retiring = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#state.connected = false
    super.error(error instanceof Error ? error : this.#unauthenticated())
  }

  /** memjs calls it for a list of mechanisms, which nobody has asked for: that is done when a channel opens. */
  override saslAuth(): void {
    const server = formatEndpoint(this.#named.endpoint)
    this.error(
      new MemkeepError(
        'ERR_MEMKEEP_PROTOCOL',
        `${server} answered what was not asked: check that the address is a memcached server.`,
      ),
    )
  }

  /** Sets whether its connections, also later ones, keep the process alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef
    const socket: MaybeSocket | undefined = this.#state._socket
    if (isRef) socket?.ref?.()
    else socket?.unref?.()
  }

  override close(): void {
    if (this.#opening !== undefined) {
      this.error(
        new MemkeepError(
          'ERR_MEMKEEP_CLOSED',
          'The client was closed while it was connecting: make another one, or close it later.',
        ),
      )
    }
    const socket = this.#state._socket
    if (socket === undefined) return
    super.close()
    this.#retire(socket)
  }

  get #state(): ServerState {
    return this as unknown as ServerState
  }

  #open(): void {
    if (this.#opening !== undefined) return
    const opening = new AbortController()
    this.#opening = opening
    this.#isTaken = false
    const { transport = tcp(), auth } = this.#hardening
    const { conntimeout = 1 } = this.options
    const deadline = setTimeout(() => {
      opening.abort(new DOMException('The connection took too long', 'TimeoutError'))
    }, conntimeout * 1000)
    let channel: Channel | undefined
    let retired = false
    const opened = openChannel(this.#named.endpoint, {
      transport,
      auth,
      protocol: 'binary',
      signal: opening.signal,
      onConnected: () => {
        if (this.#opening !== opening) return
        this.#isTaken = true
        this.#watchSilence()
      },
      onRetire: () => {
        retired = true
        if (channel !== undefined) this.#retire(channel)
      },
    })
    opened
      .then(
        (ready) => {
          if (this.#opening !== opening) {
            ready.destroy()
            return
          }
          channel = ready
          this.#use(ready)
          if (retired) this.#retire(ready)
        },
        (error: unknown) => {
          if (this.#opening === opening) this.error(error)
        },
      )
      .finally(() => {
        clearTimeout(deadline)
      })
  }

  /**
   * Fails calls that wait for a server that took the connection and is silent, after the time that memjs has for an
   * answer. The connection has more time, so that a handshake that takes longer still succeeds.
   */
  #watchSilence(): void {
    const { connectCallbacks } = this.#state
    const isWaiting = this.#opening !== undefined && this.#isTaken && connectCallbacks.length > 0
    if (!isWaiting || this.#silence !== undefined) return
    const { timeout = 0.5 } = this.options
    this.#silence = setTimeout(() => {
      // what came while the process was busy is read first
      setImmediate(() => {
        if (this.#silence === undefined) return
        this.#silence = undefined
        super.error(new Error('socket timed out waiting on response.'))
      })
    }, timeout * 1000).unref()
  }

  #endOpening(): void {
    this.#opening = undefined
    clearTimeout(this.#silence)
    this.#silence = undefined
  }

  #use(channel: Channel): void {
    const state = this.#state
    // it has of a socket what memjs asks of one
    const socket = channel as unknown as Socket
    this.#endOpening()
    state._socket = socket
    state.connected = true
    state.responseBuffer = Buffer.alloc(0)
    const { keepAlive = false, keepAliveDelay = 30 } = this.options
    const able: MaybeSocket = socket
    able.setKeepAlive?.(keepAlive, keepAliveDelay * 1000)
    if (!this.#isRef) able.unref?.()
    channel
      .on('data', (bytes: Buffer) => {
        if (state._socket === socket) this.responseHandler(bytes)
      })
      .on('error', (error) => {
        if (state._socket === socket) this.error(error)
      })
      .on('close', () => {
        if (state._socket === socket) this.#lost()
      })
    for (const go of state.connectCallbacks.splice(0)) go(socket)
  }

  #lost(): void {
    const state = this.#state
    state._socket = undefined
    state.connected = false
    this.#retiring = false
    if (state.requestTimeouts.length === 0) return
    this.error(
      new MemkeepError(
        'ERR_MEMKEEP_CONNECTION_LOST',
        `${formatEndpoint(this.#named.endpoint)} closed the connection before it answered: ask again.`,
      ),
    )
  }

  /** From now on, another connection takes what comes. */
  #retire(channel: Channel): void {
    if (this.#state._socket !== channel) return
    this.#retiring = true
    this.#leave()
  }

  /** Lets what is in flight finish, and opens another connection for what waits. */
  #leave(): void {
    const state = this.#state
    if (state.requestTimeouts.length > 0) return
    this.#retiring = false
    const old = state._socket
    state._socket = undefined
    state.connected = false
    // nothing is in flight, so there is nothing to wait for, least of all a server that is gone
    old?.end(() => old.destroy())
    if (state.connectCallbacks.length > 0) this.#open()
  }

  /** One timer for all requests, as they end in their order. */
  #watch(): void {
    const [soonest] = this.#state.requestTimeouts
    if (this.#timer !== undefined || soonest === undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        const [next] = this.#state.requestTimeouts
        if (next !== undefined && next <= performance.now()) {
          this.error(new Error('socket timed out waiting on response.'))
        } else {
          this.#watch()
        }
      },
      Math.max(1, Math.ceil(soonest - performance.now())),
    ).unref()
  }

  #unauthenticated(): MemkeepError {
    const server = formatEndpoint(this.#named.endpoint)
    return new MemkeepError(
      'ERR_MEMKEEP_AUTH_REQUIRED',
      `${server} demands authentication: hand in auth: sasl({ username, password }).`,
    )
  }
}
