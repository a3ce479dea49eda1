import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isSince } from '@memkeep/testkit'
import { Unavailable } from './contestants/contestant.ts'
import { Replies, type Answer } from './replies.ts'

/** What a TLS record carries at most, in bytes (RFC 8446, section 5.1). Larger writes are cut into several. */
const RECORD = 16_384
/** More than any command line here takes, in bytes. */
const LINE = 300
/** With no more than so many requests a turn, the first is not worth holding back. */
const FEW = 64

const LF = 10
const CR = 13

/** Where the ceiling is measured. */
export interface CeilingTarget {
  readonly host: string
  readonly port: number
  /** The certificate authority to connect over TLS with. */
  readonly ca?: string | undefined
}

type Settle = (answer: Answer) => void

const nothing: Settle = () => undefined

/**
 * What one connection of Node's carries at most: a promise per request, and nothing else. No key checks, no
 * timeouts, no errors: a yardstick, not a client.
 */
export class Ceiling {
  readonly #socket: Socket
  readonly #waiting: Settle[] = []
  #head = 0
  #out = Buffer.allocUnsafe(RECORD)
  #used = 0
  readonly #queue: Buffer[] = []
  #writing = false
  #scheduled = false
  /** Requests in flight when they were last sent. */
  #most = 0
  readonly #written = (): void => {
    this.#writing = false
    this.#write()
  }
  readonly #send = (): void => {
    this.#scheduled = false
    this.#most = this.#waiting.length - this.#head
    this.#flush()
  }

  constructor(socket: Socket) {
    this.#socket = socket
    const replies = new Replies((answer) => {
      this.#settle(answer)
    })
    socket.on('data', (chunk) => {
      replies.read(chunk)
    })
  }

  get(key: string): Promise<Buffer | undefined> {
    this.#putGet(key)
    return this.#reply()
  }

  /** A get for each, one promise for all. */
  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    return new Promise((resolve) => {
      const values: (Buffer | undefined)[] = []
      const settle: Settle = (value) => {
        if (values.push(value as Buffer | undefined) === keys.length) resolve(values)
      }
      for (const key of keys) {
        this.#putGet(key)
        this.#waiting.push(settle)
      }
      this.#schedule()
    })
  }

  set(key: string, value: Buffer | string): Promise<boolean> {
    const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
    this.#makeRoom(LINE + length)
    this.#used += this.#out.write(`ms ${key} ${String(length)}\r\n`, this.#used, 'latin1')
    this.#used +=
      typeof value === 'string' ? this.#out.write(value, this.#used) : value.copy(this.#out, this.#used)
    this.#out[this.#used++] = CR
    this.#out[this.#used++] = LF
    return this.#reply()
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.destroy()
    await closed
  }

  #putGet(key: string): void {
    this.#makeRoom(LINE)
    this.#used += this.#out.write(`mg ${key} v\r\n`, this.#used, 'latin1')
  }

  #reply<T extends Answer>(): Promise<T> {
    const reply = new Promise<T>((resolve) => this.#waiting.push(resolve as Settle))
    this.#schedule()
    return reply
  }

  /** Gathers what a turn of the event loop asks for; what comes alone goes at once. */
  #schedule(): void {
    if (this.#scheduled) return
    const inFlight = this.#waiting.length - this.#head
    if (inFlight === 1) {
      const few = this.#most <= FEW
      this.#most = 1
      if (few) {
        this.#flush()
        return
      }
    }
    this.#scheduled = true
    setImmediate(this.#send)
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#out.length) return
    this.#flush()
    if (bytes > this.#out.length) this.#out = Buffer.allocUnsafe(bytes)
  }

  /** Queues whole commands as one write. */
  #flush(): void {
    if (this.#used === 0) return
    this.#queue.push(this.#out.subarray(0, this.#used))
    this.#out = Buffer.allocUnsafe(RECORD)
    this.#used = 0
    this.#write()
  }

  /** One write in flight: servers before 1.6.39 lose what comes in while a TLS write of theirs waits. */
  #write(): void {
    if (this.#writing) return
    const next = this.#queue.shift()
    if (next === undefined) return
    this.#writing = true
    this.#socket.write(next, this.#written)
  }

  #settle(answer: Answer): void {
    const settle = this.#waiting[this.#head]
    // its promise holds the value: let go of it
    this.#waiting[this.#head++] = nothing
    settle?.(answer)
    if (this.#head > 4_096) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
  }
}

/**
 * Connects, over TLS when there is a `ca`.
 *
 * @throws Unavailable when the server's meta commands are older than those of memcached 1.6.10
 */
export async function openCeiling({ host, port, ca }: CeilingTarget): Promise<Ceiling> {
  const socket = ca === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ca })
  await once(socket, ca === undefined ? 'connect' : 'secureConnect')
  socket.setNoDelay(true)
  socket.write('version\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  const [version = ''] = /[\d.]+/.exec(answer.toString()) ?? []
  if (!isSince(version, [1, 6, 10])) {
    socket.destroy()
    throw new Unavailable('needs the meta commands of memcached 1.6.10 or later')
  }
  return new Ceiling(socket)
}
