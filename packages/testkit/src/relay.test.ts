import { once } from 'node:events'
import { createConnection } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startFaultServer } from './fault-server.ts'
import { startMemcached } from './memcached/server.ts'
import { startRelay } from './relay.ts'

describe('startRelay', () => {
  it('carries and keeps every byte of both directions', async () => {
    await using echo = await startFaultServer((socket) => socket.pipe(socket))
    await using relay = await startRelay(echo)
    const socket = createConnection(relay.port, relay.host)
    const sent = Buffer.alloc(3_000_000, 'abc')
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.end(sent)
    await once(socket, 'end')
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
    expect(relay.sent().equals(sent)).toBe(true)
    expect(relay.received().equals(sent)).toBe(true)
    expect(relay.bytes()).toHaveLength(2 * sent.length)
    expect(relay.connections).toBe(1)
  })

  it('finds what crossed in pieces, and not what never did', async () => {
    await using server = await startFaultServer((socket) => {
      socket.on('data', () => socket.write('y'))
    })
    await using relay = await startRelay(server)
    const socket = createConnection(relay.port, relay.host).setNoDelay()
    for (const piece of ['hun', 'ter', '2']) {
      socket.write(piece)
      await once(socket, 'data')
    }
    expect(relay.saw('hunter2')).toBe(true)
    expect(relay.saw(Buffer.from('yyy'))).toBe(true)
    expect(relay.saw('hunter3')).toBe(false)
    expect(relay.saw('2y')).toBe(false)
    socket.destroy()
  })

  it('forgets when asked, and keeps what an open connection carries from there', async () => {
    await using echo = await startFaultServer((socket) => socket.pipe(socket))
    await using relay = await startRelay(echo)
    const socket = createConnection(relay.port, relay.host)
    socket.write('before')
    await once(socket, 'data')
    relay.reset()
    expect(relay.bytes()).toHaveLength(0)
    expect(relay.connections).toBe(0)
    socket.write('after')
    await once(socket, 'data')
    expect(relay.sent().toString()).toBe('after')
    expect(relay.saw('before')).toBe(false)
    socket.destroy()
  })

  it('leads to a server on a Unix socket', async () => {
    await using server = await startMemcached('plain', { unixSocket: true })
    await using relay = await startRelay(server)
    const socket = createConnection(relay.port, relay.host)
    socket.write('version\r\n')
    await once(socket, 'data')
    expect(relay.saw('VERSION ')).toBe(true)
    socket.destroy()
  })

  it('passes on that one side is gone', async () => {
    await using server = await startFaultServer((socket) =>
      socket.once('data', () => socket.resetAndDestroy()),
    )
    await using relay = await startRelay(server)
    const socket = createConnection(relay.port, relay.host).on('error', () => undefined)
    const closed = once(socket, 'close')
    socket.write('x')
    await closed
    expect(relay.saw('x')).toBe(true)
  })
})
