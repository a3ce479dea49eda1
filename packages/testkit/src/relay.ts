import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

/** A relay that stands between client and server and keeps every byte. */
export interface Relay extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  /** How many connections it has accepted, since `reset` if that was called. */
  readonly connections: number
  /** All bytes from clients to the server. */
  sent(): Buffer
  /** All bytes from the server to clients. */
  received(): Buffer
  /** All bytes of both directions. */
  bytes(): Buffer
  /** Whether the bytes of one direction of one connection hold `needle`, also across chunks. */
  saw(needle: string | Buffer): boolean
  /** Forgets what it kept; open connections go on, and are kept from here. */
  reset(): void
  close(): Promise<void>
}

/** Where a relay leads: to a Unix socket if there is a `path`, as with a `MemcachedServer` on one. */
export interface RelayTarget {
  readonly host: string
  readonly port: number
  readonly path?: string | undefined
}

interface Recording {
  readonly sent: Buffer[]
  readonly received: Buffer[]
}

/** Starts a recording relay to a server, on a free port of loopback. */
export async function startRelay({ host: targetHost, port: targetPort, path }: RelayTarget): Promise<Relay> {
  const to = path === undefined ? { host: targetHost, port: targetPort } : { path }
  const recordings: Recording[] = []
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = createConnection({ ...to, allowHalfOpen: true })
    const recording: Recording = { sent: [], received: [] }
    recordings.push(recording)
    connections++
    client.on('data', (chunk: Buffer) => recording.sent.push(chunk))
    upstream.on('data', (chunk: Buffer) => recording.received.push(chunk))
    client.pipe(upstream)
    upstream.pipe(client)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket
        .on('error', () => {
          other.destroy()
        })
        .on('close', () => {
          sockets.delete(socket)
          if (!socket.readableEnded) other.destroy()
        })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address: host, port } = server.address() as AddressInfo
  const sent = (): Buffer => Buffer.concat(recordings.flatMap((recording) => recording.sent))
  const received = (): Buffer => Buffer.concat(recordings.flatMap((recording) => recording.received))
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return {
    host,
    port,
    address: `${host}:${String(port)}`,
    get connections() {
      return connections
    },
    sent,
    received,
    bytes: () => Buffer.concat([sent(), received()]),
    saw: (needle) =>
      recordings.some((recording) =>
        [recording.sent, recording.received].some((chunks) => Buffer.concat(chunks).includes(needle)),
      ),
    reset: () => {
      connections = 0
      for (const { sent, received } of recordings) sent.length = received.length = 0
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
