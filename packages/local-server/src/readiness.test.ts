import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { waitUntilAnswers } from './readiness.ts'

const HOST = '127.0.0.1'

const probe = (port: number) => ({ at: { host: HOST, port }, protocol: 'text' }) as const

/** Runs against a server that does what it is told with every connection. */
async function withServer(
  answer: (socket: Socket) => void,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    answer(socket)
  }).listen(0, HOST)
  await once(server, 'listening')
  try {
    await use((server.address() as AddressInfo).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

describe('waitUntilAnswers', () => {
  it('gives up on a server that accepts and says nothing', async () => {
    await withServer(
      () => undefined,
      async (port) => {
        await expect(waitUntilAnswers(probe(port), new AbortController().signal, 50)).rejects.toThrow(
          /did not answer within 50 ms/,
        )
      },
    )
  })

  it('tries again until it is answered', async () => {
    let attempts = 0
    const late = (socket: Socket): void => {
      attempts++
      if (attempts < 3) socket.destroy()
      else socket.end('VERSION 1.6.18\r\n')
    }
    await withServer(late, (port) => waitUntilAnswers(probe(port), new AbortController().signal))
    expect(attempts).toBe(3)
  })

  it('says how the server ended', async () => {
    const reason = new Error('memcached ended with code 71')
    await expect(waitUntilAnswers(probe(1), AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})
