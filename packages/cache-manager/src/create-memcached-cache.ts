import type { ServersInput } from '@memkeep/client'
import { withServers } from '@memkeep/core/internal'
import { KeyvMemcached } from '@memkeep/keyv'
import { createCache, type Cache } from 'cache-manager'
import { Keyv } from 'keyv'
import { memoryLevel } from './memory-level.ts'
import { checkOptions, type MemcachedCacheOptions } from './options.ts'

/** The default namespace of keys and of `clear()`. */
const NAMESPACE = 'cache'

/**
 * A cache of cache-manager 7 over hardened memcached, with a first level in memory if asked for.
 *
 * A cache that cannot be reached is an empty one: reads miss, `wrap` computes, and `onError` is told.
 *
 * @throws as `KeyvMemcached`; RangeError or TypeError naming the option; TypeError without servers
 *
 * @example
 * const cache = createMemcachedCache({ servers, transport: tls({ ca }), ttl: 60_000, memory: { max: 1_000, ttl: 1_000 } })
 * const user = await cache.wrap(`user:${id}`, () => load(id))
 */
export function createMemcachedCache(options: MemcachedCacheOptions): Cache
/** The same with the servers before the options. */
export function createMemcachedCache(
  servers: ServersInput,
  options?: Omit<Extract<MemcachedCacheOptions, { client?: undefined }>, 'servers' | 'client'>,
): Cache
export function createMemcachedCache(first: ServersInput | MemcachedCacheOptions, second?: object): Cache {
  const options = withServers('createMemcachedCache', first, second) as MemcachedCacheOptions
  checkOptions(options)
  const { ttl, refreshThreshold, memory, onError = warnOnce(), namespace = NAMESPACE, ...rest } = options
  const memcached = new Keyv({ store: new KeyvMemcached(rest), namespace })
  memcached.on('error', onError)
  return createCache({
    stores: memory === undefined ? [memcached] : [memoryLevel(memory), memcached],
    // what was computed anew is for the other processes too
    refreshAllStores: true,
    ...(ttl !== undefined && { ttl }),
    ...(refreshThreshold !== undefined && { refreshThreshold }),
  })
}

function warnOnce(): (error: unknown) => void {
  let warned = false
  return (error) => {
    if (warned) return
    warned = true
    const message = error instanceof Error ? error.message : String(error)
    process.emitWarning(
      `The cache goes on without memcached where it fails: ${message} Give createMemcachedCache an onError to be told of every failure.`,
      { type: 'MemkeepWarning', code: 'MEMKEEP_CACHE_DEGRADED' },
    )
  }
}
