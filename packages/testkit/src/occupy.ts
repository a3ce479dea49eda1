import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** Connections that are held. */
export interface Occupied extends Disposable {
  /** Lets all go. */
  release(): void
}

/** Holds every connection that a server has to give, until it refuses one: start it with a small `-c`. */
export async function occupyConnections({
  host,
  port,
}: {
  readonly host: string
  readonly port: number
}): Promise<Occupied> {
  const held: Socket[] = []
  const refused = new Set<Socket>()
  while (refused.size === 0) {
    const socket = createConnection(port, host).on('error', () => undefined)
    // memcached says that it has none left, or says nothing and closes
    held.push(socket.on('data', () => refused.add(socket)).on('close', () => refused.add(socket)))
    await once(socket, 'connect')
    // a server that accepts one says nothing, which shows by nothing else
    await after(5)
  }
  const release = (): void => {
    for (const socket of held) socket.destroy()
  }
  return { release, [Symbol.dispose]: release }
}
