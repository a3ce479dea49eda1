export { MemcachedClient, type SetOptions } from './client.ts'
export type { Hardening, MemcachedClientOptions } from './options.ts'
