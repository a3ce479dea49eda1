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
async function connect(
  options: { port?: number; allowHalfOpen?: boolean } = {},
): Promise<{ socket: Socket; text: () => string; pieces: () => number }> {
  const socket = createConnection({ port: proxy.port, host: proxy.host, ...options })
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

/** The last value that `stats` gave for a name. */
function lastStat(text: string, name: string): number {
  return Number([...text.matchAll(new RegExp(`STAT ${name} (\\d+)\\r\\n`, 'g'))].at(-1)?.[1])
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
    const { socket, text, pieces } = await connect()
    await until(() => proxy.open === 1)
    proxy.setMode(mode)
    socket.write(`${STORE}get k\r\n`)
    await until(() => text() === 'STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n')
    expect(pieces()).toBeGreaterThan(2)
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

  it('ends its side, and still hears the client', async () => {
    const { socket, text } = await connect({ allowHalfOpen: true })
    await until(() => proxy.open === 1)
    proxy.end()
    await once(socket, 'end')
    socket.end(STORE)
    const direct = await connect({ port: server.port })
    await until(() => {
      direct.socket.write('get k\r\n')
      return direct.text().includes('hello')
    })
    expect(text()).toBe('')
    direct.socket.destroy()
  })

  it('passes all that a server said before it closed, to a client that reads late', async () => {
    const value = 'x'.repeat(1_000_000)
    const { socket, text } = await connect()
    socket.pause()
    socket.write(`set big 0 0 ${String(value.length)}\r\n${value}\r\n${'get big\r\n'.repeat(20)}quit\r\n`)
    const direct = await connect({ port: server.port })
    await until(() => {
      direct.socket.write('stats\r\n')
      return lastStat(direct.text(), 'cmd_get') === 20
    })
    direct.socket.destroy()
    socket.resume()
    await once(socket, 'end')
    expect(text().split(`VALUE big 0 ${String(value.length)}\r\n${value}\r\nEND\r\n`)).toHaveLength(21)
  })

  it('passes on that a client ended its side, and what is answered to it', async () => {
    const { socket, text } = await connect({ allowHalfOpen: true })
    socket.end(`${STORE}get k\r\n`)
    await once(socket, 'end')
    expect(text()).toBe('STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n')
    await until(() => proxy.open === 0)
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
