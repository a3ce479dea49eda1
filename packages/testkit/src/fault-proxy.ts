import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import type { RelayTarget } from './relay.ts'

/**
 * What a {@link FaultProxy} does to what crosses it:
 * - `pass`: nothing.
 * - `freeze`: reads and forwards nothing in either direction, as a half-open connection; what is held is forwarded, in
 *   its order, when the mode changes.
 * - `blackhole`: takes what the client says and forwards nothing, in either direction: it is lost for good.
 * - `slow`: forwards what the server says byte by byte, one each turn of the event loop.
 * - `chunks`: forwards what the server says in pieces of 1 to 7 bytes, one each turn, the same for the same seed.
 * - `refuse`: closes new connections at once, and leaves those that are open.
 */
export type FaultMode = 'pass' | 'freeze' | 'blackhole' | 'slow' | 'chunks' | 'refuse'

/** A proxy before a real server that goes wrong when a test says so. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  /** Connections that are open: their clients have ended nothing. */
  readonly open: number
  /** Connections that were accepted since it started. */
  readonly accepted: number
  /** What it does from now on, to open connections and to new ones. */
  setMode(mode: FaultMode): void
  /** Resets (RST) every open connection, now or when so many more bytes of the server's have been forwarded on it. */
  reset(options?: { readonly afterBytes?: number }): void
  /** Ends (FIN) every open connection from the server's side; what the server says afterwards is lost. */
  end(): void
  /** Where new connections lead from now on. */
  retarget(target: RelayTarget): void
  close(): Promise<void>
}

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** What the pieces of mode `chunks` are drawn from, a whole number. Default 1. */
  readonly seed?: number
}

/** Starts a proxy to a server on a free port of loopback. It passes everything until it is told otherwise. */
export async function startFaultProxy(
  target: RelayTarget,
  { seed = 1 }: FaultProxyOptions = {},
): Promise<FaultProxy> {
  let mode: FaultMode = 'pass'
  let to = target
  let accepted = 0
  const pipes = new Set<Pipe>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted++
    if (mode === 'refuse') {
      client.destroy()
      return
    }
    const at = to.path === undefined ? { host: to.host, port: to.port, noDelay: true } : { path: to.path }
    const upstream = createConnection({ ...at, allowHalfOpen: true })
    const pipe = new Pipe({ client, upstream, mode, random: randomFrom(seed + accepted) })
    pipes.add(pipe)
    const forget = (): void => {
      if (client.closed && upstream.closed) pipes.delete(pipe)
    }
    client.on('close', forget)
    upstream.on('close', forget)
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
      return [...pipes].filter((pipe) => pipe.open).length
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
    end: () => {
      for (const pipe of pipes) pipe.end()
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

interface PipeOptions {
  readonly client: Socket
  readonly upstream: Socket
  readonly mode: FaultMode
  /** Numbers from 0 up to 1. */
  readonly random: () => number
}

/** One connection through the proxy. */
class Pipe {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #random: () => number
  #mode: FaultMode
  /** What the server said and is not forwarded. */
  #replies: Buffer[] = []
  /** What the client said and is not forwarded. */
  #commands: Buffer[] = []
  #forwarded = 0
  #resetAt = Infinity
  /** Whether the next piece waits for the next turn. */
  #waiting = false
  /** Whether the client is told nothing more. */
  #finished = false

  constructor({ client, upstream, mode, random }: PipeOptions) {
    this.#client = client
    this.#upstream = upstream
    this.#random = random
    this.#mode = mode
    const forward = (): void => {
      this.#forward()
    }
    client
      .on('data', (chunk: Buffer) => {
        this.#commands.push(chunk)
        this.#forward()
      })
      .on('end', forward)
      .on('error', () => upstream.destroy())
      .on('close', () => {
        // a client that ended has said its last, which the server is still to hear
        if (!client.readableEnded) upstream.destroy()
      })
    upstream
      .on('data', (chunk: Buffer) => {
        this.#replies.push(chunk)
        this.#forward()
      })
      .on('end', forward)
      .on('error', () => undefined)
      .on('close', forward)
    this.setMode(mode)
  }

  get open(): boolean {
    return !this.#client.readableEnded && !this.#client.destroyed
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
    if (bytes === 0) this.#client.resetAndDestroy()
    else this.#resetAt = this.#forwarded + bytes
  }

  end(): void {
    this.#finished = true
    this.#client.end()
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
      if (this.#client.readableEnded) this.destroy()
      return
    }
    for (const chunk of this.#commands.splice(0)) this.#upstream.write(chunk)
    if (this.#client.readableEnded) this.#upstream.end()
    if (!this.#waiting) this.#forwardReplies()
  }

  #forwardReplies(): void {
    while (this.#replies.length > 0 && !this.#finished) {
      const piece = this.#takePiece()
      this.#client.write(piece)
      this.#forwarded += piece.length
      if (this.#forwarded >= this.#resetAt) {
        // what was written before is on its way: only then the reset
        this.#finished = true
        this.#client.write('', () => this.#client.resetAndDestroy())
      } else if (this.#mode === 'slow' || this.#mode === 'chunks') {
        this.#waiting = true
        setImmediate(() => {
          this.#waiting = false
          this.#forward()
        })
        return
      }
    }
    if (this.#finished) this.#replies = []
    else if (this.#upstream.closed) this.#client.destroySoon()
    else if (this.#upstream.readableEnded) this.#client.end()
  }

  /** What is forwarded next: never beyond the byte after which the connection is to be reset. */
  #takePiece(): Buffer {
    const chunk = this.#replies.shift() ?? Buffer.alloc(0)
    const length = Math.min(chunk.length, this.#pieceLength(), this.#resetAt - this.#forwarded)
    if (length < chunk.length) this.#replies.unshift(chunk.subarray(length))
    return chunk.subarray(0, length)
  }

  #pieceLength(): number {
    if (this.#mode === 'slow') return 1
    return this.#mode === 'chunks' ? 1 + Math.floor(this.#random() * MAX_PIECE_BYTES) : Infinity
  }
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
