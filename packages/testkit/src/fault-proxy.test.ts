import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { startMemcached, type MemcachedServer } from './memcached/server.ts'

let server: MemcachedServer
let proxy: FaultProxy
beforeEach(async () => {
  server = await startMemcached('plain')
  proxy = await startFaultProxy(server)
})
afterEach(async () => {
  await proxy.close()
  await server.stop()
})

/** A connection, and all that it has received. */
async function connect(): Promise<{ socket: Socket; text: () => string; pieces: () => number }> {
  const socket = createConnection(proxy.port, proxy.host)
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk)).on('error', () => undefined)
  await once(socket, 'connect')
  return { socket, text: () => Buffer.concat(received).toString(), pieces: () => received.length }
}

/** Waits until a condition holds that only events can bring about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

/** Waits until a connection is gone; some systems make an end of a reset. */
async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once('close', resolve))
}

const STORE = 'set k 0 0 5\r\nhello\r\n'

describe('the fault proxy', () => {
  it('passes everything until it is told otherwise', async () => {
    const { socket, text } = await connect()
    socket.write(`${STORE}get k\r\n`)
    await until(() => text() === 'STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n')
    expect(proxy).toMatchObject({ open: 1, accepted: 1 })
  })

  it.each(['slow', 'chunks'] as const)('%s forwards the same in small pieces', async (mode) => {
    const { socket, text } = await connect()
    await until(() => proxy.open === 1)
    proxy.setMode(mode)
    socket.write(`${STORE}get k\r\n`)
    await until(() => text() === 'STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n')
  })

  it('freeze holds both directions, and lets go in order', async () => {
    const { socket, text } = await connect()
    await until(() => proxy.open === 1)
    proxy.setMode('freeze')
    socket.write(STORE)
    const direct = createConnection(server.port, server.host)
    direct.write('get k\r\n')
    const [miss] = (await once(direct, 'data')) as [Buffer]
    expect(miss.toString()).toBe('END\r\n')
    direct.destroy()
    socket.write('get k\r\n')
    expect(text()).toBe('')
    proxy.setMode('pass')
    await until(() => text() === 'STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n')
  })

  it('blackhole takes what is said and answers nothing', async () => {
    const { socket, text } = await connect()
    await until(() => proxy.open === 1)
    proxy.setMode('blackhole')
    await new Promise((resolve) => socket.write('version\r\n', resolve))
    const direct = createConnection(server.port, server.host)
    direct.write('version\r\n')
    await once(direct, 'data')
    direct.destroy()
    expect(text()).toBe('')
  })

  it('resets now, or behind a byte of the server', async () => {
    const { socket, text } = await connect()
    await until(() => proxy.open === 1)
    proxy.reset({ afterBytes: 10 })
    socket.write(`${STORE}get k\r\n`)
    await closed(socket)
    expect('STORED\r\nVALUE'.startsWith(text())).toBe(true)
    expect(text().length).toBeLessThanOrEqual(10)
    const second = await connect()
    await until(() => proxy.accepted === 2)
    proxy.reset()
    await closed(second.socket)
  })

  it('refuses new connections, and leaves those that are open', async () => {
    const { socket, text } = await connect()
    socket.write('version\r\n')
    await until(() => text().startsWith('VERSION'))
    proxy.setMode('refuse')
    const refused = await connect()
    await closed(refused.socket)
    socket.write('get k\r\n')
    await until(() => text().endsWith('END\r\n'))
    expect(proxy).toMatchObject({ open: 1, accepted: 2 })
  })

  it('leads new connections elsewhere', async () => {
    await using other = await startMemcached('plain')
    proxy.retarget(other)
    const { socket, text } = await connect()
    socket.write('stats\r\n')
    await until(() => text().includes(`STAT pid ${String(other.pid)}\r\n`))
  })
})
