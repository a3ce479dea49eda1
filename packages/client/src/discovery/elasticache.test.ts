import { once } from 'node:events'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  eventually,
  createPki,
  startFaultServer,
  startMemcached,
  type MemcachedServer,
  type Pki,
} from '@memkeep/testkit'
import { sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from '../client.ts'
import type { MemcachedClientOptions } from '../options.ts'
import { CHANNEL_NAMES, type DiscoveryMessage } from '../telemetry/channels.ts'
import { elastiCache } from './elasticache.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(
  posture: 'plain' | 'tls' = 'plain',
  pki?: Pki,
  hosts?: readonly string[],
): Promise<MemcachedServer> {
  const serverCertificate = hosts && (await pki?.issueServer({ hosts }))
  const server = await startMemcached(posture, {
    ...(pki && { pki }),
    ...(serverCertificate && { serverCertificate }),
  })
  cleanups.push(() => server.stop())
  return server
}

/** What the stand-in for a configuration endpoint says. */
interface Cluster {
  version: number
  nodes: readonly string[]
  /** Whether it has the legacy key only, as engines before 1.4.14. */
  legacy?: boolean
}

/** A stand-in that speaks the text of ElastiCache's configuration endpoint, over TLS where it is given certificates. */
async function configurationEndpoint(
  cluster: Cluster,
  pki?: Pki,
): Promise<{ address: string; asked: () => number }> {
  let asked = 0
  const answer = (command: string): string => {
    const body = `${String(cluster.version)}\n${cluster.nodes.join(' ')}\n`
    const rest = ` 0 ${String(Buffer.byteLength(body))}\r\n${body}\r\nEND\r\n`
    if (command === 'version\r\n') return 'VERSION 1.6.22\r\n'
    if (command === 'config get cluster\r\n' && cluster.legacy !== true) return `CONFIG cluster${rest}`
    if (command === 'get AmazonElastiCache:cluster\r\n' && cluster.legacy === true)
      return `VALUE AmazonElastiCache:cluster${rest}`
    return 'ERROR\r\n'
  }
  const sockets = new Set<Socket>()
  const talk = (socket: Socket): void => {
    sockets.add(socket)
    socket
      .setEncoding('latin1')
      .on('error', () => undefined)
      .on('data', (command: string) => {
        if (command !== 'version\r\n') asked++
        socket.write(answer(command))
      })
  }
  const server: Server = pki === undefined ? createTcpServer(talk) : createTlsServer({ ...pki.server }, talk)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { address: `127.0.0.1:${String(port)}`, asked: () => asked }
}

const node = ({ port }: MemcachedServer, host = ''): string => `${host}|127.0.0.1|${String(port)}`

function client(servers: string, options: Omit<MemcachedClientOptions, 'servers'> = {}): MemcachedClient {
  const made = new MemcachedClient({ servers, discovery: elastiCache(), ...options })
  cleanups.push(() => made.close())
  return made
}

const KEYS = Array.from({ length: 100 }, (_, index) => `k${String(index)}`)

describe('discovery through ElastiCache', () => {
  it.each([false, true])('uses the nodes that the endpoint names (legacy key: %s)', async (legacy) => {
    const nodes = await Promise.all([start(), start()])
    const { address } = await configurationEndpoint({
      version: 1,
      nodes: nodes.map((each) => node(each)),
      legacy,
    })
    const cache = client(address)
    expect(cache.servers).toEqual([])
    await Promise.all(KEYS.map((key) => cache.set(key, key)))
    expect(cache.servers).toEqual(nodes.map((each) => each.address))
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length)
    for (const { curr } of await items(nodes)) expect(curr).toBeGreaterThan(0)
    expect(() => {
      cache.addServer('127.0.0.1:1')
    }).toThrow(code('UNSUPPORTED_OPERATION'))
  })

  it('follows the cluster, and no answer that is older', async () => {
    const [first, second] = await Promise.all([start(), start()])
    const cluster: Cluster = { version: 5, nodes: [node(first)] }
    const { address, asked } = await configurationEndpoint(cluster)
    const cache = client(address, { discovery: elastiCache({ interval: 5 }) })
    await cache.set('k', 'x')
    cluster.nodes = [node(first), node(second)]
    cluster.version = 6
    await eventually(() => {
      expect(cache.servers).toHaveLength(2)
    })
    cluster.nodes = [node(second)]
    cluster.version = 4
    const before = asked()
    await eventually(() => {
      expect(asked()).toBeGreaterThan(before + 3)
    })
    expect(cache.servers).toHaveLength(2)
  })

  it('keeps host names, by which TLS verifies nodes, and demands TLS of them', async () => {
    const pki = await createPki()
    const named = await start('tls', pki, ['localhost'])
    const cluster: Cluster = { version: 1, nodes: [node(named, 'localhost')] }
    const { address } = await configurationEndpoint(cluster, pki)
    const cache = client(`memcacheds://${address}`, { transport: tls({ ca: pki.ca }) })
    expect(await cache.set('k', 'x')).toBe(true)
    expect(cache.servers).toEqual([`localhost:${String(named.port)}`])
    // by its address it would not be trusted
    await using bare = new MemcachedClient({ servers: named.address, transport: tls({ ca: pki.ca }) })
    await expect(bare.get('k')).rejects.toEqual(code('TLS_IP_MISMATCH'))
    await expect(client(address.replace(/^/, 'memcacheds://')).get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
      cause: { code: 'ERR_MEMKEEP_TLS_REQUIRED' },
    })
  })

  it('asks the next endpoint when one cannot tell, and says what failed when none can', async () => {
    const real = await start()
    const { address } = await configurationEndpoint({ version: 1, nodes: [node(real)] })
    const messages: DiscoveryMessage[] = []
    const listener = (message: unknown): void => {
      messages.push(message as DiscoveryMessage)
    }
    subscribe(CHANNEL_NAMES.discovery, listener)
    try {
      expect(await client(`${real.address},${address}`).set('k', 'x')).toBe(true)
      const lost = client(real.address)
      await expect(lost.get('k')).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
        message: expect.stringContaining('configuration endpoint') as string,
      })
      await expect(lost.getMany(['k'])).rejects.toEqual(code('DISCOVERY_FAILED'))
    } finally {
      unsubscribe(CHANNEL_NAMES.discovery, listener)
    }
    expect(messages).toMatchObject([
      { discovery: 'elasticache', servers: [real.address] },
      { servers: [], error: code('DISCOVERY_FAILED') },
      { error: code('DISCOVERY_FAILED') },
    ])
  })

  it('does not hold a call longer than its timeout or signal', async () => {
    const silent = await startFaultServer(() => undefined)
    cleanups.push(() => silent.close())
    const cache = client(silent.address)
    await expect(cache.get('k', { timeout: 20 })).rejects.toEqual(code('COMMAND_TIMEOUT'))
    await expect(cache.get('k', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    const waiting = cache.get('k')
    await cache.close()
    await expect(waiting).rejects.toEqual(code('CLOSED'))
    await expect(cache.get('k')).rejects.toEqual(code('CLOSED'))
  })

  it('refuses options that do not hold', () => {
    expect(() => elastiCache({ interval: 0 })).toThrow(RangeError)
    expect(() => elastiCache({ intervall: 1 } as never)).toThrow(/"intervall"/)
    const auth = sasl({ username: 'u', password: 'p' })
    expect(() => new MemcachedClient({ servers: 'a', discovery: elastiCache(), auth })).toThrow(/discovery/)
  })
})

/** How many items each server holds. */
async function items(servers: readonly MemcachedServer[]): Promise<readonly { readonly curr: number }[]> {
  return Promise.all(
    servers.map(async ({ address }) => {
      await using one = new MemcachedClient({ servers: address })
      return { curr: Number((await one.stats()).get(address)?.get('curr_items')) }
    }),
  )
}
