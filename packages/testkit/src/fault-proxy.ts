import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import type { RelayTarget } from './relay.ts'

/**
 * What a {@link FaultProxy} does to what crosses it:
 * - `pass`: nothing.
 * - `freeze`: reads and forwards nothing in either direction, as a half-open connection; what is held is forwarded, in
 *   its order, when the mode changes.
 * - `blackhole`: takes what the client says and forwards nothing, in either direction, ever.
 * - `slow`: forwards what the server says byte by byte, one each turn of the event loop.
 * - `chunks`: forwards what the server says in pieces of 1 to 7 bytes.
 * - `refuse`: closes new connections at once, and leaves those that are open.
 */
export type FaultMode = 'pass' | 'freeze' | 'blackhole' | 'slow' | 'chunks' | 'refuse'

/** A proxy before a real server that goes wrong when a test says so. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  /** Connections that are open. */
  readonly open: number
  /** Connections that were accepted since it started. */
  readonly accepted: number
  /** What it does from now on, to open connections and to new ones. */
  setMode(mode: FaultMode): void
  /** Resets (RST) every open connection, now or when so many more bytes of the server's have been forwarded on it. */
  reset(options?: { readonly afterBytes?: number }): void
  /** Where new connections lead from now on. */
  retarget(target: RelayTarget): void
  close(): Promise<void>
}

/** Starts a proxy to a server on a free port of loopback. It passes everything until it is told otherwise. */
export async function startFaultProxy(target: RelayTarget): Promise<FaultProxy> {
  let mode: FaultMode = 'pass'
  let to = target
  let accepted = 0
  const pipes = new Set<Pipe>()
  const server = createServer((client) => {
    accepted++
    if (mode === 'refuse') {
      client.destroy()
      return
    }
    const upstream = createConnection(
      to.path === undefined ? { host: to.host, port: to.port } : { path: to.path },
    )
    const pipe = new Pipe(client, upstream, mode)
    pipes.add(pipe)
    client.on('close', () => pipes.delete(pipe))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address: host, port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    for (const pipe of pipes) pipe.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return {
    host,
    port,
    address: `${host}:${String(port)}`,
    get open() {
      return pipes.size
    },
    get accepted() {
      return accepted
    },
    setMode: (next) => {
      mode = next
      for (const pipe of pipes) pipe.setMode(next)
    },
    reset: ({ afterBytes = 0 } = {}) => {
      for (const pipe of pipes) pipe.resetAfter(afterBytes)
    },
    retarget: (next) => {
      to = next
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The longest piece of mode `chunks`, in bytes: a prime, so that pieces drift against any lines. */
const MAX_PIECE_BYTES = 7

/** One connection through the proxy. */
class Pipe {
  readonly #client: Socket
  readonly #upstream: Socket
  #mode: FaultMode
  /** What the server said and is not forwarded. */
  #replies: Buffer[] = []
  /** What the client said and is not forwarded. */
  #commands: Buffer[] = []
  #forwarded = 0
  #resetAt = Infinity
  #forwarding = false
  #ended = false

  constructor(client: Socket, upstream: Socket, mode: FaultMode) {
    this.#client = client
    this.#upstream = upstream
    this.#mode = mode
    client
      .on('data', (chunk: Buffer) => {
        this.#commands.push(chunk)
        this.#forward()
      })
      .on('error', () => undefined)
      .on('close', () => upstream.destroy())
    upstream
      .on('data', (chunk: Buffer) => {
        this.#replies.push(chunk)
        this.#forward()
      })
      .on('error', () => undefined)
      .on('close', () => {
        this.#ended = true
        this.#forward()
      })
    this.setMode(mode)
  }

  setMode(mode: FaultMode): void {
    this.#mode = mode
    for (const socket of [this.#client, this.#upstream]) {
      if (mode === 'freeze') socket.pause()
      else socket.resume()
    }
    this.#forward()
  }

  resetAfter(bytes: number): void {
    this.#resetAt = this.#forwarded + bytes
    if (bytes === 0) this.#client.resetAndDestroy()
  }

  destroy(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #forward(): void {
    if (this.#mode === 'freeze') return
    if (this.#mode === 'blackhole') {
      this.#commands = []
      this.#replies = []
      return
    }
    for (const chunk of this.#commands.splice(0)) this.#upstream.write(chunk)
    if (this.#forwarding) return
    while (this.#replies.length > 0) {
      const piece = this.#takePiece()
      this.#client.write(piece)
      this.#forwarded += piece.length
      if (this.#forwarded >= this.#resetAt) {
        // what was written before is on its way: only then the reset
        this.#client.write('', () => this.#client.resetAndDestroy())
        this.#replies = []
        return
      }
      if (this.#mode === 'slow' || this.#mode === 'chunks') {
        this.#forwarding = true
        setImmediate(() => {
          this.#forwarding = false
          this.#forward()
        })
        return
      }
    }
    if (this.#ended) this.#client.destroy()
  }

  /** What is forwarded next: never beyond the byte after which the connection is to be reset. */
  #takePiece(): Buffer {
    const chunk = this.#replies.shift() ?? Buffer.alloc(0)
    const most = {
      slow: 1,
      chunks: 1 + (this.#forwarded % MAX_PIECE_BYTES),
      pass: Infinity,
      refuse: Infinity,
    }
    const wanted = this.#mode === 'freeze' || this.#mode === 'blackhole' ? Infinity : most[this.#mode]
    const length = Math.min(chunk.length, wanted, this.#resetAt - this.#forwarded)
    if (length < chunk.length) this.#replies.unshift(chunk.subarray(length))
    return chunk.subarray(0, length)
  }
}
