export { HardenedMemcacheClient } from './hardened-memcache-client.ts'
export type { HardenedMemcacheClientOptions } from './options.ts'
