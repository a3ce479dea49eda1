import { tcp, type Channel, type Transport } from '@memkeep/core'
import { startFaultProxy, startMemcached } from '@memkeep/testkit'
import { describe, expect, it, vi } from 'vitest'
import { MemcachedClient } from './client.ts'

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

/** How long something may take that takes as long as the machine's load makes it. */
const WITHIN = { timeout: 30_000 }

const open = (all: readonly Opened[]): number => all.filter(({ channel }) => !channel.destroyed).length

describe('a connection that its transport wants replaced', () => {
  it.each(['meta', 'text', 'binary'] as const)(
    'is replaced under load, and no request fails (%s)',
    async (protocol) => {
      await using server = await startMemcached('plain')
      const { transport, opened } = replaceable()
      await using client = new MemcachedClient({
        servers: server.address,
        transport,
        protocol,
        connections: 3,
      })
      const answers: Promise<unknown>[] = []
      for (let round = 0; round < 60; round++) {
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
      await vi.waitFor(() => {
        expect(open(opened)).toBeLessThanOrEqual(3)
      })
      expect(opened.length).toBeGreaterThan(6)
      expect(await client.get('key1')).toEqual(Buffer.from('value59'))
    },
  )

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
    await vi.waitFor(() => {
      expect(opened.map(({ channel }) => channel.destroyed)).toEqual([true, false])
    }, WITHIN)
  })

  it('serves on while no other can be opened, and is replaced when one can', async () => {
    await using server = await startMemcached('plain')
    await using proxy = await startFaultProxy(server)
    const { transport, opened } = replaceable()
    await using client = new MemcachedClient({ servers: proxy.address, transport, reconnectMaxDelay: 5 })
    await client.set('key', 'value')
    proxy.setMode('refuse')
    opened[0]?.retire()
    await vi.waitFor(async () => {
      expect(await client.get('key')).toEqual(Buffer.from('value'))
      expect(proxy.accepted).toBeGreaterThan(3)
    }, WITHIN)
    expect(opened[0]?.channel.destroyed).toBe(false)
    proxy.setMode('pass')
    await vi.waitFor(() => {
      expect(opened[0]?.channel.destroyed).toBe(true)
    }, WITHIN)
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
    await vi.waitFor(() => {
      expect(opened.map(({ channel }) => channel.destroyed)).toEqual([true, false])
    }, WITHIN)
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
