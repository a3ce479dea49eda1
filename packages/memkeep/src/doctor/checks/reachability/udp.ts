import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'

/** How long an answer may take, in milliseconds. */
const WAIT = 1_000
/** What stands before the command in each datagram ("UDP protocol" of memcached's `protocol.txt`). */
const HEADER_BYTES = 8
/** What is asked: the shortest command with an answer, which is hardly longer. */
const COMMAND = 'version'

/** What came of one datagram. */
export type UdpAnswer =
  /** Without the header. */
  | { readonly state: 'open'; readonly sent: string; readonly received: Buffer }
  /** The machine said that nobody listens. */
  | { readonly state: 'closed' }
  | { readonly state: 'silent' }

/** Asks for the version by one datagram. Never rejects. */
export function askByUdp(address: string, port: number, signal: AbortSignal): Promise<UdpAnswer> {
  return new Promise((resolve) => {
    const request = randomInt(0x10000)
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    let settled = false
    const settle = (answer: UdpAnswer): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onSilence)
      socket.close()
      resolve(answer)
    }
    const onSilence = (): void => {
      settle({ state: 'silent' })
    }
    const timer = setTimeout(onSilence, WAIT)
    signal.addEventListener('abort', onSilence, { once: true })
    socket
      .on('error', (error: Error & { readonly code?: string }) => {
        settle({ state: error.code === 'ECONNREFUSED' ? 'closed' : 'silent' })
      })
      // what others send is kept away by the connection
      .on('message', (datagram) => {
        if (datagram.length <= HEADER_BYTES || datagram.readUInt16BE(0) !== request) return
        settle({ state: 'open', sent: COMMAND, received: datagram.subarray(HEADER_BYTES) })
      })
      .once('connect', () => {
        if (!settled) socket.send(encode(request))
      })
    if (signal.aborted) onSilence()
    else socket.connect(port, address)
  })
}

/** Request id, sequence number, number of datagrams, and two bytes that are reserved; then the command. */
function encode(request: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(request, 0)
  header.writeUInt16BE(1, 4)
  return Buffer.concat([header, Buffer.from(`${COMMAND}\r\n`)])
}
