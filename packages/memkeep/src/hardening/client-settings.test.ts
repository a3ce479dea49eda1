import { createMemcachedCache } from '@memkeep/cache-manager'
import { MemcachedClient } from '@memkeep/client'
import { KeyvMemcached } from '@memkeep/keyv'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from './connect.ts'
import { hardening } from './hardening.ts'

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('plain')
})
afterAll(() => server.stop())

const SETTINGS = {
  protocol: 'text',
  distribution: 'modulo',
  onServerDown: 'miss',
  idleTimeout: 60_000,
} as const
const QUERY = 'protocol=text&distribution=modulo&onServerDown=miss&idleTimeout=60000'
const VARIABLES = {
  MEMKEEP_PROTOCOL: 'text',
  MEMKEEP_DISTRIBUTION: 'modulo',
  MEMKEEP_ON_SERVER_DOWN: 'miss',
  MEMKEEP_IDLE_TIMEOUT: '60000',
}

describe('settings of the client', () => {
  it('come from a URI, the environment and options alike, for every adapter over the client', async () => {
    const uri = `memcached://${server.address}`
    const sources = [
      `${uri}?${QUERY}`,
      { env: { MEMKEEP_URI: uri, ...VARIABLES } },
      { servers: uri, ...SETTINGS },
    ]
    for (const source of sources) {
      using layers = hardening(source)
      expect(layers).toMatchObject(SETTINGS)
      await using client = new MemcachedClient(layers)
      expect(await client.set('client', 'hello')).toBe(true)
      const keyv = new Keyv({ store: new KeyvMemcached(layers) })
      await keyv.set('keyv', 'hello')
      expect(await keyv.get('keyv')).toBe('hello')
      await keyv.disconnect()
      const cache = createMemcachedCache({ ...layers, ttl: 60_000 })
      await cache.set('cache', 'hello')
      expect(await cache.get('cache')).toBe('hello')
      await cache.disconnect()
    }
  })

  it('are absent where they are not set', () => {
    using layers = hardening(`memcached://${server.address}`)
    expect(Object.keys(layers)).toEqual(['servers'])
  })

  it('reach the client of connect', async () => {
    await using client = await connect(`memcached://${server.address}?${QUERY}`)
    // a server that nobody can reach: its keys are misses, as the URI says
    client.addServer('127.0.0.1:1')
    for (let n = 0; n < 20; n++) expect(await client.get(`none${String(n)}`)).toBeUndefined()
  })

  it('contradict the options of connect', async () => {
    await expect(connect(`memcached://${server.address}?${QUERY}`, { protocol: 'meta' })).rejects.toThrow(
      'connect: "protocol" is set with the servers and in the options',
    )
  })

  it('name a discovery', () => {
    using layers = hardening('memcached://127.0.0.1:1?discovery=elasticache')
    expect(layers.discovery?.name).toBe('elasticache')
  })
})
