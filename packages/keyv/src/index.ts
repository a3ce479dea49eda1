export { createKeyv, type CreateKeyvOptions } from './create-keyv.ts'
export { KeyvMemcached } from './keyv-memcached.ts'
export type { KeyvMemcachedOptions, StoreOptions } from './options.ts'
