import KeyvMemcache from '@keyv/memcache'
import { createCache, type Cache } from 'cache-manager'
import { Keyv } from 'keyv'
import { createMemcachedCache } from '@memkeep/cache-manager'
import { KeyvMemcached } from '@memkeep/keyv'
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { tls } from '@memkeep/tls'
import type { Client } from 'memkeep/internal/bench'
import { CLIENT_TIMEOUT, onlyServer, PLAIN, type Contestant } from './contestant.ts'
import { asClient, MEMCACHE_CLIENT } from './memcache-client.ts'

/** Not how the bench's keys begin: Keyv 5 then takes them for prefixed when it sets, and not when it gets many. */
const NAMESPACE = 'adapters'

/** Keyv as its users have it: values are texts, which it makes JSON of. */
const KEYV: readonly Contestant[] = [true, false].map((own) => ({
  name: own ? 'Keyv over Memkeep' : 'Keyv over @keyv/memcache',
  kind: own ? 'memkeep' : 'peer',
  ...(!own && { package: '@keyv/memcache' }),
  layers: PLAIN,
  form: 'string',
  open: (target): Promise<Client<unknown, readonly unknown[], boolean>> => {
    const { address } = onlyServer(target)
    const store = own ? new KeyvMemcached({ servers: address }) : new KeyvMemcache(address)
    const cache = new Keyv({ store, namespace: NAMESPACE, throwOnErrors: true })
    return Promise.resolve({
      get: (key) => cache.get<unknown>(key),
      getMany: (keys) => cache.get<unknown>([...keys]),
      set: (key, value) => cache.set(key, value),
      valueOf: (reply) => reply,
      valueIn: (replies, _, position) => replies[position],
      stored: (reply) => reply,
      close: () => cache.disconnect(),
    })
  },
}))

const CACHE_MANAGER: readonly Contestant[] = [true, false].map((own) => ({
  name: own ? 'cache-manager over Memkeep' : 'cache-manager over @keyv/memcache',
  kind: own ? 'memkeep' : 'peer',
  ...(!own && { package: '@keyv/memcache' }),
  layers: PLAIN,
  form: 'string',
  open: (target): Promise<Client<unknown, readonly unknown[]>> => {
    const { address } = onlyServer(target)
    const cache: Cache = own
      ? createMemcachedCache({ servers: address })
      : createCache({ stores: [new Keyv({ store: new KeyvMemcache(address), namespace: NAMESPACE })] })
    return Promise.resolve({
      get: (key) => cache.get(key),
      getMany: (keys) => cache.mget([...keys]),
      set: (key, value) => cache.set(key, value),
      valueOf: (reply) => reply,
      valueIn: (replies, _, position) => replies[position],
      stored: (reply) => reply !== undefined,
      close: async () => {
        await cache.disconnect()
      },
    })
  },
}))

const HARDENED: readonly Contestant[] = [false, true].map((withTls) => ({
  name: `memcache-client hardened ${withTls ? 'TLS' : 'plain'}`,
  kind: 'memkeep',
  layers: { ...PLAIN, tls: withTls },
  form: 'buffer',
  open: (target): Promise<Client> =>
    Promise.resolve(
      asClient(
        new HardenedMemcacheClient({
          server: onlyServer(target).address,
          cmdTimeout: CLIENT_TIMEOUT,
          ...(withTls && { transport: tls(target.ca === undefined ? {} : { ca: target.ca }) }),
        }),
      ),
    ),
}))

/** Who runs where adapters are measured, each of ours before what it is put beside. */
export const contestants: readonly Contestant[] = [
  ...KEYV,
  ...CACHE_MANAGER,
  ...HARDENED.flatMap((hardened, at) => [hardened, MEMCACHE_CLIENT[at] ?? hardened]),
]

/** What each of ours is put beside. */
export const COUNTERPARTS: ReadonlyMap<string, string> = new Map(
  contestants.flatMap(({ name }, at): [string, string][] => {
    const next = contestants[at + 1]
    return at % 2 === 0 && next !== undefined ? [[name, next.name]] : []
  }),
)
