import { once } from 'node:events'
import { createConnection } from 'node:net'
import type { Duplex } from 'node:stream'
import { openChannel, parseEndpoint, tcp, type Transport } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import type { MemcachedServer } from '@memkeep/testkit'
import { bridgeText } from '../../src/bridge/bridge-text.ts'

/** A socket that speaks text with the server itself. */
export async function openText(server: MemcachedServer): Promise<Duplex> {
  const socket = createConnection({ host: server.host, port: server.port, noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** The same through the bridge. */
export async function openBridge(server: MemcachedServer, transport: Transport = tcp()): Promise<Duplex> {
  const { credentials } = server
  const auth = credentials && sasl(credentials)
  const signal = AbortSignal.timeout(10_000)
  const endpoint = parseEndpoint(server.address)
  return bridgeText(await openChannel(endpoint, { transport, auth, protocol: 'binary', signal }))
}

/** What ends every answer here: it is asked behind everything else, and alone on its line. */
const LAST = /VERSION [^\r\n]*\r\n$/

/** Says things, and hears what is answered. Text is latin1, each character a byte. */
export class Speaker implements Disposable {
  readonly #stream: Duplex
  #heard = ''
  #closed = false

  constructor(stream: Duplex) {
    this.#stream = stream
    stream
      .on('data', (chunk: Buffer) => {
        this.#heard += chunk.toString('latin1')
        stream.emit('heard')
      })
      .on('error', () => undefined)
      .on('close', () => {
        this.#closed = true
        stream.emit('heard')
      })
  }

  /**
   * Says it, in pieces of the lengths given, and resolves to the whole answer; with `<closed>` at its end when the
   * connection was closed.
   */
  async ask(said: string, lengths: readonly number[] = []): Promise<string> {
    const bytes = Buffer.from(`${said}version\r\n`, 'latin1')
    let at = 0
    for (const length of lengths) {
      if (at < bytes.length) this.#stream.write(bytes.subarray(at, at + length))
      at += length
    }
    if (at < bytes.length) this.#stream.write(bytes.subarray(at))
    while (!this.#closed && !LAST.test(this.#heard.slice(-100))) await this.#hear()
    const heard = this.#heard.replace(LAST, '') + (this.#closed ? '<closed>' : '')
    this.#heard = ''
    return heard
  }

  /** Waits for more, or for the end, be it by a fault. */
  #hear(): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.once('heard', resolve)
    })
  }

  [Symbol.dispose](): void {
    this.#stream.destroy()
  }
}
