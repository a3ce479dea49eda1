import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import type { Entry, Middleware } from '@memkeep/core'
import {
  eventually,
  findServerFeatures,
  startFaultProxy,
  startMemcached,
  type MemcachedServer,
} from '@memkeep/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { ProtocolName } from './protocol/protocol.ts'
import type { RewrapMessage } from './telemetry/channels.ts'

/** Without meta commands the server does not report how long an item has to live: a layer has to know. */
const { metaCommands } = await findServerFeatures()

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('plain')
})
afterAll(() => server.stop())

const outcomes: RewrapMessage[] = []
const note = (message: unknown): void => void outcomes.push(message as RewrapMessage)
beforeEach(async () => {
  outcomes.length = 0
  subscribe('memkeep:client:rewrap', note)
  await using client = clientOf([])
  await client.dangerouslyFlushAll()
})
afterEach(() => unsubscribe('memkeep:client:rewrap', note))

/** A layer that puts a version before values; older versions are stale. */
function versioned(version: string, tellsExpiry = !metaCommands): Middleware & { readonly encoded: Entry[] } {
  const encoded: Entry[] = []
  return {
    name: 'versioned',
    encoded,
    encode(entry) {
      encoded.push(entry)
      return { ...entry, value: Buffer.concat([Buffer.from(version), entry.value]) }
    },
    decode({ key, value, flags }) {
      const stale = value.toString('latin1', 0, 2) !== version
      const expiresAt = tellsExpiry ? Date.now() + 100_500 : undefined
      return { key, value: Buffer.from(value.subarray(2)), flags, stale, expiresAt }
    },
  }
}

const clientOf = (
  middleware: readonly Middleware[],
  protocol: ProtocolName = metaCommands ? 'meta' : 'text',
  servers: string = server.address,
): MemcachedClient =>
  new MemcachedClient({ servers, middleware, protocol, namespace: 'ns', telemetry: { keys: true } })

const settled = (count: number): Promise<void> =>
  eventually(() => {
    expect(outcomes).toHaveLength(count)
  })

/** What is stored, and how many seconds it has to live; undefined for no end. */
async function stored(key: string): Promise<{ value: string | undefined; ttl: number | undefined }> {
  await using client = clientOf([])
  const value = (await client.get(key))?.toString()
  // "me" is older than today's meta commands; 1.6.9 reports the time that is left as negative
  const socket = createConnection(server)
  socket.write(`me ns:${key}\r\n`)
  const [line] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  const ttl = Number(/ exp=(-?\d+) /.exec(line.toString())?.[1])
  return { value, ttl: ttl === -1 ? undefined : Math.abs(ttl) }
}

describe('a stale value that is read', () => {
  it.each([
    ['get', (client: MemcachedClient) => client.get('k')],
    ['gets', (client: MemcachedClient) => client.gets('k')],
    ['getMany', (client: MemcachedClient) => client.getMany(['k', 'absent'])],
    ['getAndTouch', (client: MemcachedClient) => client.getAndTouch('k', { ttl: 100 })],
  ])('by %s is stored anew, with its flags and the time that it has left', async (_, read) => {
    await using old = clientOf([versioned('v1')])
    await old.set('k', 'value', { ttl: 100, flags: 7 })
    const layer = versioned('v2')
    await using client = clientOf([layer])
    await read(client)
    await settled(1)
    expect(outcomes).toEqual([{ outcome: 'stored', key: 'ns:k' }])
    const { value, ttl } = await stored('k')
    expect(value).toBe('v2value')
    expect(ttl).toBeGreaterThan(90)
    expect(ttl).toBeLessThanOrEqual(100)
    expect(layer.encoded).toMatchObject([{ key: 'ns:k', flags: 7 }])
    // what is new is left alone
    await client.get('k')
    expect(outcomes).toHaveLength(1)
  })

  it('and never ends, does not end afterwards either', async () => {
    await using old = clientOf([versioned('v1')])
    await old.set('k', 'value')
    const layer = versioned('v2', false)
    await using client = clientOf([layer])
    await client.get('k')
    await settled(1)
    expect(layer.encoded.map(({ expiresAt }) => expiresAt)).toEqual(metaCommands ? [undefined] : [])
    // where the server does not report that it never ends, it is left as it is
    expect(await stored('k')).toEqual({ value: metaCommands ? 'v2value' : 'v1value', ttl: undefined })
  })

  it.each(['binary', 'text'] as const)(
    'over %s keeps its time only where a layer knows it',
    async (protocol) => {
      await using old = clientOf([versioned('v1')], protocol)
      await old.set('k', 'value', { ttl: 1_000 })
      await using blind = clientOf([versioned('v2', false)], protocol)
      await blind.get('k')
      await settled(1)
      expect(outcomes[0]).toMatchObject({ outcome: 'unknown-ttl' })
      // and the server is not asked again
      await blind.get('k')
      expect((await stored('k')).value).toBe('v1value')
      expect(outcomes).toHaveLength(1)
      await using knowing = clientOf([versioned('v2', true)], protocol)
      await knowing.get('k')
      await settled(2)
      expect(outcomes[1]).toMatchObject({ outcome: 'stored' })
      const { value, ttl } = await stored('k')
      expect(value).toBe('v2value')
      expect(ttl).toBeGreaterThan(90)
      expect(ttl).toBeLessThanOrEqual(100)
    },
  )

  it('is not stored over what somebody else stored meanwhile', async () => {
    await using old = clientOf([versioned('v1')])
    await old.set('k', 'value', { ttl: 100 })
    await using other = clientOf([])
    const layer = versioned('v2')
    let interfering: Promise<unknown> | undefined
    // between the second read and the store: a write of another client goes first
    await using proxy = await startFaultProxy(server)
    await using client = new MemcachedClient({
      servers: proxy.address,
      protocol: metaCommands ? 'meta' : 'text',
      namespace: 'ns',
      middleware: [
        {
          ...layer,
          encode: (entry) => {
            proxy.setMode('freeze')
            interfering = other.set('k', 'v3newer').then(() => {
              proxy.setMode('pass')
            })
            return { ...entry, value: Buffer.from(`v2${entry.value.toString()}`) }
          },
        },
      ],
    })
    await client.get('k')
    await settled(1)
    await interfering
    expect(outcomes[0]).toMatchObject({ outcome: 'superseded' })
    expect((await other.get('k'))?.toString()).toBe('v3newer')
  })
})

describe('bounds', () => {
  it('one key is stored anew once, however often it is read meanwhile', async () => {
    await using old = clientOf([versioned('v1')])
    await old.set('k', 'value', { ttl: 100 })
    const layer = versioned('v2')
    await using client = clientOf([layer])
    await Promise.all(Array.from({ length: 200 }, () => client.get('k')))
    await settled(1)
    expect(layer.encoded).toHaveLength(1)
  })

  it('what is too much at once is dropped, and no read fails', async () => {
    await using old = clientOf([versioned('v1')])
    const keys = Array.from({ length: 3_000 }, (_, index) => `key${String(index)}`)
    await Promise.all(keys.map((key) => old.set(key, key, { ttl: 100 })))
    await using client = clientOf([versioned('v2')])
    const found = await client.getMany(keys)
    expect(found.size).toBe(3_000)
    await settled(3_000)
    const count = (outcome: string): number => outcomes.filter((each) => each.outcome === outcome).length
    expect(count('stored')).toBe(1_016)
    expect(count('dropped')).toBe(3_000 - 1_016)
  })
})

describe('a rewrap that fails', () => {
  it('is told, and neither fails the read nor is unhandled', async () => {
    await using old = clientOf([versioned('v1')])
    await old.set('k', 'value', { ttl: 100 })
    const broken = new Error('cannot encode')
    await using client = clientOf([
      {
        ...versioned('v2'),
        encode: () => {
          throw broken
        },
      },
    ])
    expect((await client.get('k'))?.toString()).toBe('value')
    await settled(1)
    expect(outcomes).toEqual([{ outcome: 'failed', key: 'ns:k', error: broken }])
  })

  it('does not keep a client from closing', async () => {
    await using old = clientOf([versioned('v1')])
    await old.set('k', 'value', { ttl: 100 })
    const client = clientOf([versioned('v2')])
    await client.get('k')
    await client.close()
    await settled(1)
    expect(['stored', 'failed']).toContain(outcomes[0]?.outcome)
  })
})
