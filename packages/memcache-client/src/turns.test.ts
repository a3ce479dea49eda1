import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { MemcachedClient } from '@memkeep/client'
import { tcp, type Transport } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import { startMemcached, startRelay, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { ValueFlags } from 'memcache-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

let plain: MemcachedServer
let encrypted: MemcachedServer
let secure: MemcachedServer
let peek: MemcachedClient
const clients: HardenedMemcacheClient[] = []

beforeAll(async () => {
  ;[plain, encrypted, secure] = await Promise.all([
    startMemcached('plain'),
    startMemcached('tls'),
    startMemcached('tls+sasl'),
  ])
  peek = new MemcachedClient({ servers: plain.address })
})

afterEach(() => {
  for (const client of clients.splice(0)) client.shutdown()
})

afterAll(async () => {
  await peek.close()
  await Promise.all([plain.stop(), encrypted.stop(), secure.stop()])
})

function make(options: Partial<HardenedMemcacheClientOptions> = {}): HardenedMemcacheClient {
  const client = new HardenedMemcacheClient({ server: plain.address, ...options })
  clients.push(client)
  return client
}

const over = (server: MemcachedServer): Partial<HardenedMemcacheClientOptions> => ({
  server: server.address,
  transport: tls(server.clientTls),
  ...(server.credentials && { auth: sasl(server.credentials) }),
})

describe('what is sent in one turn', () => {
  it('arrives whole, in its order', async () => {
    const relay = await startRelay(plain)
    const client = make({ server: relay.address })
    await client.version()
    relay.reset()
    const answers = await Promise.all([
      client.set('k', '1', { noreply: true }),
      client.incr('k', 1),
      client.send('incr k 2\r\n'),
      client.cmd('incr k 3', { noreply: true }),
      client.send((socket) => {
        socket?.write('incr ')
        socket?.write(Buffer.from('k 4\r\n'))
      }),
      client.get('k'),
    ])
    expect(answers.slice(0, 5)).toEqual([undefined, '2', '4', undefined, '11'])
    expect(answers[5]).toMatchObject({ value: '11' })
    expect(relay.sent().toString()).toBe(
      'set k 0 60 1 noreply\r\n1\r\nincr k 1\r\nincr k 2\r\nincr k 3 noreply\r\nincr k 4\r\nget k\r\n',
    )
    await relay.close()
  })

  it('is one write', async () => {
    const writes: number[] = []
    const transport: Transport = {
      ...tcp(),
      async connect(endpoint, options) {
        const socket = await tcp().connect(endpoint, options)
        const writev = socket._writev?.bind(socket)
        socket._writev = (chunks, done) => {
          writes.push(chunks.length)
          writev?.(chunks, done)
        }
        return socket
      },
    }
    const client = make({ transport })
    await client.version()
    await Promise.all(Array.from({ length: 50 }, (_, index) => client.set(`one${String(index)}`, 'x')))
    expect(writes).toEqual([50])
  })

  it.each([
    ['plain', () => ({})],
    ['tls', () => over(encrypted)],
    ['tls+sasl', () => over(secure)],
  ])('is answered, whatever its lengths: %s', async (_, options) => {
    const client = make({ cmdTimeout: 20_000, ...options() })
    const lengths = Array.from(
      { length: 300 },
      (__, index) => [90, 777, 16_350, 100, 40_000, 9_000][index % 6] ?? 0,
    )
    const values = lengths.map((length) => randomBytes(length))
    // a server before 1.6.39 sleeps on commands that are torn across records
    const stored = await Promise.all(
      values.map((value, index) => {
        const key = `length${String(index)}`
        if (index % 7 === 0) return client.set(key, value, { noreply: true })
        if (index % 11 !== 0) return client.set(key, value)
        return client.send((socket) => {
          socket?.write(`set ${key} ${String(ValueFlags.TYPE_BINARY)} 0 ${String(value.length)}\r\n`)
          socket?.write(value)
          socket?.write('\r\n')
        })
      }),
    )
    expect(stored.filter((answer) => String(answer) === 'STORED')).toHaveLength(
      values.filter((__, index) => index % 7 !== 0).length,
    )
    const read = await Promise.all(values.map((__, index) => client.get<Buffer>(`length${String(index)}`)))
    expect(read.every(({ value }, index) => values[index]?.equals(value))).toBe(true)
  })

  it('is on its way when the client is shut down in that turn', async () => {
    const client = make()
    await client.version()
    void client.set('last', 'x', { noreply: true })
    const asked = client.get('last')
    client.shutdown()
    client.shutdown()
    await expect(asked).rejects.toThrow('Shutdown requested')
    while ((await peek.get('last')) === undefined) await new Promise(setImmediate)
  })
})

describe('a function that writes', () => {
  it('sends nothing when it throws half way', async () => {
    const client = make()
    const torn = client.send((socket) => {
      socket?.write('set torn 0 0 5\r\n')
      throw new Error('half way')
    })
    await expect(torn).rejects.toThrow('half way')
    await client.set('whole', 'x')
    expect(await client.get('whole')).toMatchObject({ value: 'x' })
  })

  it('is told when its bytes are taken, and may write in any encoding', async () => {
    const client = make()
    const taken = new Promise((resolve) => {
      void client.send((socket) => {
        socket?.write('73657420686578203020302031', 'hex')
        socket?.write('\r\nx\r\n', resolve)
      })
    })
    await taken
    expect(await client.get('hex')).toMatchObject({ value: 'x' })
  })
})

describe('a callback', () => {
  it('that throws is its own fault alone', async () => {
    const client = make()
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const uncaught = once(process, 'uncaughtException')
      void client.set('k', 'x', () => {
        throw new Error('of a callback')
      })
      const next = client.get('k')
      expect(await uncaught).toMatchObject([{ message: 'of a callback' }, 'uncaughtException'])
      expect(await next).toMatchObject({ value: 'x' })
    } finally {
      for (const listener of others) process.on('uncaughtException', listener)
    }
  })

  it('is enough: what fails is told to it, and no rejection is left over', async () => {
    const client = make()
    const told = await new Promise((resolve) => {
      // an unhandled rejection fails the run
      void client.replace('never-stored', 'x', {}, resolve)
    })
    expect(told).toMatchObject({ message: 'NOT_STORED' })
  })

  it('may be null, as may options', async () => {
    const any = make() as unknown as Record<'add' | 'get', (...given: unknown[]) => Promise<unknown>>
    expect(await any.add('nulls', 'x', null, null)).toEqual(['STORED'])
    expect(await any.get('nulls', null, null)).toMatchObject({ value: 'x' })
  })
})
