import { setImmediate as turn } from 'node:timers/promises'
import { findServerFeatures, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tcp, type Channel, type Transport } from '@memkeep/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { MemcachedClientOptions } from './options.ts'

const { protocols } = await findServerFeatures()

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('plain')
})
afterAll(() => server.stop())

/** Stores a buffer, changes it right after the call, and returns what was stored. */
async function storeAndChange(
  client: MemcachedClient,
  bytes: number,
  meanwhile?: () => unknown,
): Promise<{ readonly stored: Buffer | undefined; readonly given: Buffer }> {
  const value = Buffer.alloc(bytes, 'old ')
  const given = Buffer.from(value)
  const set = client.set('k', value)
  value.fill('new ')
  await meanwhile?.()
  await set
  return { stored: await client.get('k'), given }
}

describe.each(protocols)('a Buffer that is changed after the call (%s)', (protocol) => {
  const client = (options: Partial<MemcachedClientOptions> = {}): MemcachedClient =>
    new MemcachedClient({ servers: server.address, protocol, ...options })

  it.each([3, 20_000, 500_000])(
    'is stored as it was, on a connection or before there is one: %i bytes',
    async (bytes) => {
      await using cache = client()
      for (let round = 0; round < 2; round++) {
        const { stored, given } = await storeAndChange(cache, bytes)
        expect(stored?.equals(given)).toBe(true)
      }
    },
  )

  it('is stored as it was where it has to wait for room', async () => {
    await using cache = client({ maxInFlight: 1 })
    await cache.get('k')
    const busy = Array.from({ length: 10 }, () => cache.get('k'))
    const { stored, given } = await storeAndChange(cache, 1_000)
    expect(stored?.equals(given)).toBe(true)
    await Promise.all(busy)
  })

  it('is stored as it was where the connection is lost before it is written', async () => {
    const channels: Channel[] = []
    const wire = tcp()
    const transport: Transport = {
      name: 'lossy',
      confidential: false,
      connect: async (endpoint, options) => {
        const channel = await wire.connect(endpoint, options)
        channels.push(channel)
        return channel
      },
    }
    await using cache = client({ transport })
    for (const bytes of [0, 1, 100, 2_000]) {
      await cache.get('k')
      const { stored, given } = await storeAndChange(cache, bytes, () => {
        // in the turn of the call, so that nothing of it is on the wire
        channels.at(-1)?.emit('error', new Error('lost'))
      })
      expect(stored?.equals(given)).toBe(true)
    }
    expect(channels.length).toBeGreaterThan(4)
  })

  it('is stored as it was where the servers are yet to be discovered', async () => {
    const [host = '', port = ''] = server.address.split(':')
    const discovery: Discovery = {
      name: 'late',
      interval: 60_000,
      discover: async () => {
        await turn()
        return { version: 1, servers: [{ host, port: Number(port) }] }
      },
    }
    await using cache = client({ discovery })
    const { stored, given } = await storeAndChange(cache, 100)
    expect(stored?.equals(given)).toBe(true)
  })
})
