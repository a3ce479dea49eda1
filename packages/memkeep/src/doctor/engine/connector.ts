import { createConnection, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Bounds } from './bounds.ts'
import { describeFailure } from './conversation.ts'
import type { Opened } from './opened.ts'

/** Where a server's connections go: one address, so that every look is at the same server. */
export type Target = { readonly path: string } | { readonly address: string; readonly port: number }

/** What every server can be spoken to with, however old or weak: nothing that matters is said on it. */
const LENIENT: ConnectionOptions = {
  minVersion: 'TLSv1',
  ciphers: 'ALL:@SECLEVEL=0',
  rejectUnauthorized: false,
}

/** Opens every connection of a stranger to one server, and ends those that are left when the audit of it does. */
export class Connector {
  readonly #target: Target
  readonly #name: string | undefined
  readonly #bounds: Bounds
  readonly #signal: AbortSignal
  readonly #open = new Set<Socket>()

  /** @param name whom TLS says it looks for; undefined for nobody */
  constructor(target: Target, name: string | undefined, bounds: Bounds, signal: AbortSignal) {
    this.#target = target
    this.#name = name
    this.#bounds = bounds
    this.#signal = signal
  }

  /** Whether it leads to a Unix socket, on which memcached never does TLS. */
  get isUnix(): boolean {
    return 'path' in this.#target
  }

  /** Connects. Never rejects. */
  openPlain(): Promise<Opened> {
    const target = this.#target
    return this.#opened('connect', () =>
      'path' in target
        ? createConnection({ path: target.path })
        : createConnection({ host: target.address, port: target.port, noDelay: true }),
    )
  }

  /** Connects and does a handshake, taking any certificate. Never rejects. */
  async openTls(options: ConnectionOptions = {}): Promise<Opened<TLSSocket>> {
    const plain = await this.openPlain()
    if (plain.socket === undefined) return plain
    const { socket } = plain
    return this.#opened('secureConnect', () =>
      connectTls({ ...serverNameOf(this.#name), ...LENIENT, ...options, socket }),
    )
  }

  close(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #opened<S extends Socket>(event: 'connect' | 'secureConnect', open: () => S): Promise<Opened<S>> {
    return new Promise((resolve) => {
      if (this.#signal.aborted) {
        resolve({ failure: 'the audit has ended' })
        return
      }
      let socket: S
      try {
        socket = open()
      } catch (error) {
        // a path or a session that cannot be one is refused here
        resolve({ failure: describeFailure(error as Error) })
        return
      }
      this.#open.add(socket)
      const settle = (opened: Opened<S>): void => {
        clearTimeout(timer)
        this.#signal.removeEventListener('abort', onAbort)
        socket.off('close', onClose).off(event, onOpen)
        if (opened.socket === undefined) socket.destroy()
        resolve(opened)
      }
      const onAbort = (): void => {
        settle({ failure: 'the audit has ended' })
      }
      const onClose = (): void => {
        settle({ failure: 'closed' })
      }
      const onOpen = (): void => {
        settle({ socket })
      }
      const timer = setTimeout(() => {
        settle({ failure: 'no answer in time' })
      }, this.#bounds.connect)
      this.#signal.addEventListener('abort', onAbort, { once: true })
      socket
        // for its life: a fault between two owners must not be thrown
        .on('error', (error: Error) => {
          settle({ failure: describeFailure(error) })
        })
        .once('close', () => this.#open.delete(socket))
        .once('close', onClose)
        .once(event, onOpen)
    })
  }
}

/** What a client says whom it looks for (RFC 6066, section 3): names only, without a last dot. */
export function serverNameOf(name: string | undefined): { readonly servername?: string } {
  return name === undefined || isIP(name) !== 0 ? {} : { servername: name.replace(/\.$/, '') }
}
