export { KeyvMemcached, type KeyvMemcachedOptions } from './keyv-memcached.ts'
