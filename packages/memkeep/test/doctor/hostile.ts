import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { startFaultServer, type FaultServer } from '@memkeep/testkit'

/** Misbehaves at what it is asked. */
export const onData =
  (answer: (socket: Socket, data: Buffer) => unknown) =>
  (socket: Socket): unknown =>
    socket.on('data', (data: Buffer) => answer(socket, data))

/** Says something without end, as fast as it is taken. */
export function pour(socket: Socket, chunk: Buffer): void {
  while (socket.writable && socket.write(chunk));
  socket.once('drain', () => {
    pour(socket, chunk)
  })
}

/** Says something again and again, slowly. */
export function drip(socket: Socket, chunk: Buffer | string): void {
  const timer = setInterval(() => socket.write(chunk), 20)
  socket.on('close', () => {
    clearInterval(timer)
  })
}

const MISBEHAVIOURS: readonly (readonly [name: string, misbehave: (socket: Socket) => unknown])[] = [
  ['closes at once', (socket) => socket.end()],
  ['resets at once', (socket) => socket.resetAndDestroy()],
  ['says nothing', () => undefined],
  [
    'pours out a banner without end',
    (socket) => {
      pour(socket, Buffer.alloc(65_536, 'x'))
    },
  ],
  [
    'pours out lines without end',
    (socket) => {
      pour(socket, Buffer.from('VERSION \r\n'.repeat(1_000)))
    },
  ],
  [
    'drips for ever',
    (socket) => {
      drip(socket, 'V')
    },
  ],
  ['answers garbage', onData((socket) => socket.write(randomBytes(1_000)))],
  ['answers megabytes', onData((socket) => socket.write(Buffer.alloc(8_000_000, 'x')))],
  ['is HTTP', onData((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))],
  ['is Redis', onData((socket) => socket.write("-ERR unknown command 'version'\r\n"))],
  ['is SSH', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
  ['answers an escape for terminals', onData((socket) => socket.write('\x1b]0;owned\x07\x1b[2J\r\n'))],
  [
    'answers TLS garbage',
    onData((socket) => socket.write(Buffer.concat([Buffer.from([22, 3, 3, 1, 0]), randomBytes(256)]))),
  ],
  [
    'starts TLS and stalls',
    onData((socket) => socket.write(Buffer.from([22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3]))),
  ],
  [
    'warns for ever',
    (socket) => {
      drip(socket, Buffer.from([21, 3, 3, 0, 2, 1, 112]))
    },
  ],
  [
    'chooses what was not offered',
    onData((socket) =>
      socket.write(
        Buffer.concat([
          Buffer.from([22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3]),
          randomBytes(32),
          Buffer.from([0, 0xfe, 0xfe, 0]),
        ]),
      ),
    ),
  ],
  [
    'lies about lengths in binary',
    onData((socket) => {
      const header = Buffer.alloc(24, 0xff)
      header[0] = 0x81
      socket.write(header)
    }),
  ],
  [
    'contradicts itself in binary',
    onData((socket) => {
      const header = Buffer.alloc(24)
      header[0] = 0x81
      header.writeUInt16BE(500, 2)
      socket.write(header)
    }),
  ],
  [
    'has statistics without end',
    onData((socket, data) => {
      if (data.toString().startsWith('version')) socket.write('VERSION 1.6.18\r\n')
      else pour(socket, Buffer.from('STAT inter 127.0.0.1\r\n'.repeat(1_000)))
    }),
  ],
  [
    'has statistics that drip',
    onData((socket, data) => {
      if (data.toString().startsWith('version')) socket.write('VERSION 1.6.18\r\n')
      else drip(socket, 'STAT a b\r\n')
    }),
  ],
  ['has a version that is none', onData((socket) => socket.write(`VERSION ${'\x1b[31m9'.repeat(30)}\r\n`))],
]

/** A server for each way in which one may not answer as memcached does. */
export function startHostileServers(): Promise<FaultServer[]> {
  return Promise.all(MISBEHAVIOURS.map(([, misbehave]) => startFaultServer(misbehave)))
}
