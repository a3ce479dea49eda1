import { createMemcachedCache } from '@memkeep/cache-manager'
import { MemcachedClient } from '@memkeep/client'
import { Keyring } from '@memkeep/encryption'
import { createKeyv, KeyvMemcached } from '@memkeep/keyv'
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { HardenedMemjsClient } from '@memkeep/memjs'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AnyHardening } from './hardened.ts'
import { hardening } from './hardening.ts'

const keyring = Keyring.generate()

let sasl: MemcachedServer
let ascii: MemcachedServer
beforeAll(async () => {
  ;[sasl, ascii] = await Promise.all([startMemcached('mutual-tls+sasl'), startMemcached('tls+ascii-auth')])
})
afterAll(() => Promise.all([sasl.stop(), ascii.stop()]))

/** Every layer, for one of the two servers. */
function layersFor(kind: 'sasl' | 'ascii'): AnyHardening {
  const {
    address: servers,
    clientTls,
    credentials = { username: '', password: '' },
  } = kind === 'sasl' ? sasl : ascii
  const common = { servers, tls: clientTls, encryption: { keyring, context: 'adapters' } }
  return hardening({ ...common, ...(kind === 'sasl' ? { sasl: credentials } : { asciiAuth: credentials }) })
}

describe.each(['sasl', 'ascii'] as const)('every layer, %s', (kind) => {
  it('makes a MemcachedClient', async () => {
    using layers = layersFor(kind)
    await using client = new MemcachedClient(layers)
    await client.set('client', 'hello', { ttl: 60 })
    expect(String(await client.get('client'))).toBe('hello')
  })

  it('makes a Keyv store', async () => {
    using layers = layersFor(kind)
    const keyv = new Keyv({ store: new KeyvMemcached(layers), namespace: 'a' })
    await keyv.set('keyv', { said: 'hello' }, 60_000)
    expect(await keyv.get('keyv')).toEqual({ said: 'hello' })
    await keyv.disconnect()
    const { servers, ...rest } = layers
    const made = createKeyv(servers, { ...rest, namespace: 'a' })
    expect(await made.get('keyv')).toEqual({ said: 'hello' })
    await made.disconnect()
  })

  it('makes a cache-manager cache', async () => {
    using layers = layersFor(kind)
    const cache = createMemcachedCache({ ...layers, ttl: 60_000 })
    await cache.set('cache', { said: 'hello' })
    expect(await cache.get('cache')).toEqual({ said: 'hello' })
    await cache.disconnect()
  })
})

it('makes a memcache-client, its servers taken apart', async () => {
  using layers = layersFor('ascii')
  const { servers, ...rest } = layers
  const client = new HardenedMemcacheClient({ server: servers[0], ...rest })
  await client.set('memcache-client', { said: 'hello' })
  expect(await client.get('memcache-client')).toMatchObject({ value: { said: 'hello' } })
  client.shutdown()
})

it('makes a memjs, its servers taken apart', async () => {
  using layers = layersFor('sasl')
  const { servers, ...rest } = layers
  const client = HardenedMemjsClient.create(servers.join(), rest)
  await client.set('memjs', 'hello', { expires: 60 })
  expect(String((await client.get('memjs')).value)).toBe('hello')
  client.close()
})
