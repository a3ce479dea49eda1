import type { Socket } from 'node:net'
import type { Channel } from '@memkeep/core'

/** What memcache-client calls on a socket beside what every Duplex has. */
const METHODS = ['setKeepAlive', 'setNoDelay', 'ref', 'unref'] as const

/** A channel with all that memcache-client asks of a socket; what it cannot do, it does not do. */
export function asSocket(channel: Channel): Socket {
  for (const name of METHODS) {
    if (!(name in channel)) Object.defineProperty(channel, name, { value: () => channel })
  }
  return channel as unknown as Socket
}

/** What a function writes to a socket, as one chunk: on TLS a command must not be torn. Nothing when it throws. */
export function writtenBy(write: (socket?: Socket) => void, socket: Socket): Buffer {
  const chunks: Buffer[] = []
  const collecting: Pick<Socket, 'write'> = {
    write: (chunk: Uint8Array | string, ...more: unknown[]) => {
      const [encoding] = more
      chunks.push(
        typeof chunk === 'string'
          ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
          : Buffer.from(chunk),
      )
      const done = more.find((each) => typeof each === 'function')
      if (done !== undefined) process.nextTick(done)
      return true
    },
  }
  Object.defineProperty(socket, 'write', { value: collecting.write, configurable: true })
  try {
    write(socket)
  } finally {
    Reflect.deleteProperty(socket, 'write')
  }
  return Buffer.concat(chunks)
}
