import { createMemcachedCache } from '@memkeep/cache-manager'
import { MemcachedClient } from '@memkeep/client'
import { formatEndpoint, MemkeepError, parseEndpoints, type Transport } from '@memkeep/core'
import { createKeyv } from '@memkeep/keyv'
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { HardenedMemjsClient } from '@memkeep/memjs'
import { describe, expect, it } from 'vitest'
import { testContext } from '../../test/cli/context.ts'
import { run } from '../cli/main.ts'
import type { AuditReport } from '../doctor/report.ts'
import { HardenedClient } from './connect.ts'
import { hardening } from './hardening.ts'

const SERVERS = ['127.0.0.1:1', '[::1]:2', '/nowhere/m.sock']

/** A transport that reaches nothing, and notes what was to be reached. */
function recorder(): { readonly transport: Transport; readonly seen: Set<string> } {
  const seen = new Set<string>()
  const transport: Transport = {
    name: 'recorder',
    confidential: true,
    connect: (endpoint) => {
      seen.add(formatEndpoint(endpoint))
      return Promise.reject(new MemkeepError('ERR_MEMKEEP_CONNECT_FAILED', 'Nothing is reached.'))
    },
  }
  return { transport, seen }
}

/** Asks for keys until every server was tried. */
async function ask(seen: ReadonlySet<string>, get: (key: string) => Promise<unknown>): Promise<string[]> {
  for (let n = 0; n < 200 && seen.size < SERVERS.length; n++) {
    try {
      await get(`key${String(n)}`)
    } catch (error) {
      // that nothing is reached is no reason to stop; that a list is refused is
      if (seen.size === 0) throw error
    }
  }
  return [...seen]
}

async function doctor(args: readonly string[]): Promise<readonly string[]> {
  const context = testContext()
  await run(['doctor', '--json', '--timeout', '20', '--', ...args], context)
  const { stdout, stderr } = context.written
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as AuditReport).servers.map(({ server }) => server)
}

type Servers = string | readonly (string | { host: string; port: number } | { path: string })[]
type Read = (servers: Servers) => Promise<readonly string[]> | readonly string[]

const ADAPTERS: readonly (readonly [name: string, takesObjects: boolean, read: Read])[] = [
  ['parseEndpoints', true, (servers) => parseEndpoints(servers).map(formatEndpoint)],
  [
    'MemcachedClient',
    true,
    async (servers) => {
      await using client = new MemcachedClient({ servers })
      return client.servers
    },
  ],
  [
    'connect, options',
    true,
    async (servers) => {
      await using client = new HardenedClient(hardening({ servers }), {})
      return client.servers
    },
  ],
  [
    'connect, text',
    false,
    async (servers) => {
      await using client = new HardenedClient(hardening(servers as string), {})
      return client.servers
    },
  ],
  [
    'MEMKEEP_URI',
    false,
    async (servers) => {
      const layers = hardening({ env: { MEMKEEP_URI: servers as string } })
      await using client = new HardenedClient(layers, {})
      return client.servers
    },
  ],
  [
    'MEMCACHE_SERVERS',
    false,
    async (servers) => {
      const layers = hardening({ env: { MEMCACHE_SERVERS: servers as string } })
      await using client = new HardenedClient(layers, {})
      return client.servers
    },
  ],
  [
    'createKeyv',
    true,
    async (servers) => {
      const { transport, seen } = recorder()
      // the key of each namespace is on a server of its own
      return ask(seen, async (namespace) => {
        const keyv = createKeyv(servers, { transport, namespace })
        keyv.on('error', () => undefined)
        await keyv.get('key')
        await keyv.disconnect()
      })
    },
  ],
  [
    'createMemcachedCache',
    true,
    async (servers) => {
      const { transport, seen } = recorder()
      return ask(seen, async (namespace) => {
        const cache = createMemcachedCache({ servers, transport, namespace, onError: () => undefined })
        await cache.get('key')
        await cache.disconnect()
      })
    },
  ],
  [
    'HardenedMemcacheClient',
    true,
    async (servers) => {
      const { transport, seen } = recorder()
      const client = new HardenedMemcacheClient({ server: { servers } as never, transport })
      return ask(seen, (key) => client.get(key))
    },
  ],
  [
    'HardenedMemjsClient',
    true,
    async (servers) => {
      const { transport, seen } = recorder()
      const client = HardenedMemjsClient.create(servers, {
        transport,
        failover: true,
        logger: { log: () => undefined },
      })
      return ask(seen, (key) => client.get(key))
    },
  ],
  ['memkeep doctor', false, (servers) => doctor([servers as string])],
]

const TEXTS: readonly string[] = [
  '127.0.0.1:1,[::1]:2,/nowhere/m.sock',
  ' 127.0.0.1:1 , [::1]:2\n/nowhere/m.sock, ',
  ',127.0.0.1:1,,[::1]:2,unix:/nowhere/m.sock,',
  '127.0.0.1:1 [::1]:2 unix:///nowhere/m.sock',
  'memcached://127.0.0.1:1,[::1]:2,unix:/nowhere/m.sock',
  'memcached://127.0.0.1:1/, memcached://[::1]:2/,memcached:///nowhere/m.sock,',
  'MEMCACHED://127.0.0.1:1,[::1]:2,memcached://unix:///nowhere/m.sock\n',
]

const OBJECTS: readonly Servers[] = [
  ['127.0.0.1:1', '[::1]:2', '/nowhere/m.sock'],
  ['127.0.0.1:1, [::1]:2,', '', 'unix:/nowhere/m.sock'],
  ['memcached://127.0.0.1:1', { host: '::1', port: 2 }, { path: '/nowhere/m.sock' }],
  [{ host: '127.0.0.1', port: 1 }, { host: '::1', port: 2 }, { path: '/nowhere/m.sock' }],
]

const REFUSED: readonly Servers[] = [
  ' , ',
  'redis://127.0.0.1:1',
  'memcached://',
  '127.0.0.1:1,127.0.0.1:1',
  '127.0.0.1:1,127.0.0.1:0',
  'unix:relative.sock',
]

describe.each(ADAPTERS)('%s', (_name, takesObjects, read) => {
  it.each(TEXTS)('reads %j', async (text) => {
    expect([...(await read(text))].sort()).toEqual([...SERVERS].sort())
  })

  it.each(takesObjects ? OBJECTS : [])('reads the list %j', async (...servers) => {
    expect([...(await read(servers as unknown as Servers))].sort()).toEqual([...SERVERS].sort())
  })

  it.each(REFUSED)('refuses %j', async (servers) => {
    await expect((async () => read(servers))()).rejects.toThrow(/endpoint|server|URI/i)
  })
})
