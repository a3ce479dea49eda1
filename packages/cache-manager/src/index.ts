export { createMemcachedCache } from './create-memcached-cache.ts'
export type { MemcachedCacheOptions, MemoryOptions } from './options.ts'
