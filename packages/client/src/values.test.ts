import { setImmediate as turn } from 'node:timers/promises'
import { findServerFeatures, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { encryption, Keyring } from '@memkeep/encryption'
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

const bytes = (...values: readonly number[]): Uint8Array => new Uint8Array([9, ...values, 9]).subarray(1, -1)

describe.each(protocols)('a Uint8Array (%s)', (protocol) => {
  it('is taken wherever a Buffer is', async () => {
    await using cache = new MemcachedClient({ servers: server.address, protocol })
    expect(await cache.set('u', bytes(0, 255))).toBe(true)
    expect(await cache.append('u', bytes(1))).toBe(true)
    expect(await cache.prepend('u', bytes(2))).toBe(true)
    const item = await cache.gets('u')
    expect(item?.value).toEqual(Buffer.of(2, 0, 255, 1))
    expect(await cache.cas('u', bytes(3), item?.cas ?? 0n)).toBe('stored')
    expect(await cache.replace('u', bytes(4))).toBe(true)
    expect(await cache.delete('u')).toBe(true)
    expect(await cache.add('u', bytes(5))).toBe(true)
    expect(await cache.get('u')).toEqual(Buffer.of(5))
  })

  it('is sealed as a Buffer is', async () => {
    const middleware = [encryption({ keyring: Keyring.generate() })]
    await using cache = new MemcachedClient({ servers: server.address, protocol, middleware })
    await cache.set('u', bytes(1, 2))
    expect(await cache.get('u')).toEqual(Buffer.of(1, 2))
  })

  it('is stored as it was when it is changed after the call', async () => {
    await using cache = new MemcachedClient({ servers: server.address, protocol })
    for (let round = 0; round < 2; round++) {
      const value = bytes(1, 2, 3)
      const set = cache.set('u', value)
      value.fill(0)
      await set
      expect(await cache.get('u')).toEqual(Buffer.of(1, 2, 3))
    }
  })

  it('is what a message asks for in place of other views', async () => {
    await using cache = new MemcachedClient({ servers: server.address, protocol })
    for (const wrong of [new Float64Array(1), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1)]) {
      await expect(cache.set('u', wrong as never)).rejects.toThrow(
        /a Buffer, a Uint8Array .*pass new Uint8Array/,
      )
    }
    await expect(cache.set('u', 7 as never)).rejects.toThrow('not 7')
  })
})
