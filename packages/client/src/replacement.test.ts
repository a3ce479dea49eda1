import { tcp, type Channel, type Transport } from '@memkeep/core'
import {
  eventually,
  findServerFeatures,
  startFaultProxy,
  startFaultServer,
  startMemcached,
} from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const { protocols } = await findServerFeatures()

interface Opened {
  readonly channel: Channel
  readonly retire: () => void
}

/** TCP whose channels a test can have replaced. */
function replaceable(onConnect: (retire: () => void) => void = () => undefined): {
  readonly transport: Transport
  readonly opened: Opened[]
} {
  const opened: Opened[] = []
  const wire = tcp()
  return {
    opened,
    transport: {
      name: 'replaceable',
      confidential: false,
      async connect(endpoint, options) {
        const retire = (): void => options.onRetire?.()
        onConnect(retire)
        const channel = await wire.connect(endpoint, options)
        opened.push({ channel, retire })
        return channel
      },
    },
  }
}

const open = (all: readonly Opened[]): number => all.filter(({ channel }) => !channel.destroyed).length

describe('a connection that its transport wants replaced', () => {
  it.each(protocols)('is replaced under load, and no request fails (%s)', async (protocol) => {
    await using server = await startMemcached('plain')
    const { transport, opened } = replaceable()
    await using client = new MemcachedClient({
      servers: server.address,
      transport,
      protocol,
      connections: 3,
    })
    const answers: Promise<unknown>[] = []
    for (let round = 0; round < 60 || opened.length <= 6; round++) {
      const live = opened.filter(({ channel }) => !channel.destroyed)
      if (round % 10 === 5) for (const { retire } of live) retire()
      for (let index = 0; index < 100; index++) {
        answers.push(
          client.set(`key${String(index)}`, `value${String(round)}`),
          client.get(`key${String(index)}`),
        )
      }
      await new Promise(setImmediate)
    }
    await Promise.all(answers)
    await eventually(() => {
      expect(open(opened)).toBeLessThanOrEqual(3)
    })
    // which connection is the last to store is not promised over several of them
    expect((await client.get('key1'))?.toString()).toMatch(/^value\d+$/)
  })

  it('finishes what it was asked before it closes', async () => {
    await using server = await startMemcached('plain')
    await using proxy = await startFaultProxy(server)
    const { transport, opened } = replaceable()
    await using client = new MemcachedClient({ servers: proxy.address, transport })
    await client.set('key', 'value')
    proxy.setMode('slow')
    const answers = Promise.all(Array.from({ length: 20 }, () => client.get('key')))
    await new Promise(setImmediate)
    opened[0]?.retire()
    expect(await answers).toEqual(Array.from({ length: 20 }, () => Buffer.from('value')))
    await eventually(() => {
      expect(opened.map(({ channel }) => channel.destroyed)).toEqual([true, false])
    })
  })

  it('serves on while no other can be opened, and is replaced when one can', async () => {
    await using server = await startMemcached('plain')
    await using proxy = await startFaultProxy(server)
    const { transport, opened } = replaceable()
    await using client = new MemcachedClient({ servers: proxy.address, transport, reconnectMaxDelay: 5 })
    await client.set('key', 'value')
    proxy.setMode('refuse')
    opened[0]?.retire()
    await eventually(async () => {
      expect(await client.get('key')).toEqual(Buffer.from('value'))
      expect(proxy.accepted).toBeGreaterThan(3)
    })
    expect(opened[0]?.channel.destroyed).toBe(false)
    proxy.setMode('pass')
    await eventually(() => {
      expect(opened[0]?.channel.destroyed).toBe(true)
    })
    expect(await client.get('key')).toEqual(Buffer.from('value'))
    expect(open(opened)).toBe(1)
  })

  it('may be one that is being opened', async () => {
    await using server = await startMemcached('plain')
    let once = true
    const { transport, opened } = replaceable((retire) => {
      if (once) retire()
      once = false
    })
    await using client = new MemcachedClient({ servers: server.address, transport })
    await client.set('key', 'value')
    await eventually(() => {
      expect(opened.map(({ channel }) => channel.destroyed)).toEqual([true, false])
    })
  })

  it('is let go of by close, and by its own end', async () => {
    await using server = await startMemcached('plain')
    const { transport, opened } = replaceable()
    const client = new MemcachedClient({ servers: server.address, transport })
    await client.version()
    opened[0]?.channel.destroy()
    await new Promise(setImmediate)
    opened[0]?.retire()
    await client.version()
    opened[1]?.retire()
    await client.close()
    opened[1]?.retire()
    await new Promise(setImmediate)
    expect(open(opened)).toBe(0)
  })
})

describe('the order of calls on a single connection', () => {
  it('is kept while the connection is replaced, however late the old one is served', async () => {
    const carriedOut: string[] = []
    let accepted = 0
    const server = await startFaultServer((socket) => {
      const delay = accepted++ === 0 ? 50 : 0
      const carryOut = (text: string): void => {
        for (const [, opaque = '', value = ''] of text.matchAll(
          /ms \S+ \S+[^\r]* O(\d+)[^\r]*\r\n(\d+)\r\n/g,
        )) {
          carriedOut.push(value)
          socket.write(`HD O${opaque}\r\n`)
        }
      }
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (text === 'version\r\n') socket.write('VERSION 0\r\n')
        else if (text.endsWith('version\r\n')) socket.write('CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
        else if (delay === 0) carryOut(text)
        else setTimeout(carryOut, delay, text)
      })
    })
    const { transport, opened } = replaceable()
    const client = new MemcachedClient({ servers: server.address, transport, distribution: 'modulo' })
    const stored: Promise<boolean>[] = []
    for (let value = 0; accepted < 2 || value < 100; value++) {
      stored.push(client.set('k', String(value)))
      if (value === 20) for (const { retire } of opened) retire()
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let more = 0; more < 50; more++) stored.push(client.set('k', String(stored.length)))
    expect(new Set(await Promise.all(stored))).toEqual(new Set([true]))
    expect(carriedOut).toEqual(stored.map((_, value) => String(value)))
    expect(accepted).toBe(2)
    await client.close()
    await server.close()
  })
})
