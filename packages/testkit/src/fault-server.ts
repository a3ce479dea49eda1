import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A server that misbehaves on purpose. */
export interface FaultServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  close(): Promise<void>
}

/** Starts a server on a free port of loopback that does to every connection what the test says. */
export async function startFaultServer(misbehave: (socket: Socket) => unknown): Promise<FaultServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    misbehave(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address: host, port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return { host, port, address: `${host}:${String(port)}`, close, [Symbol.asyncDispose]: close }
}
