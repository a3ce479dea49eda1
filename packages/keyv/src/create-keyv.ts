import type { ServersInput } from '@memkeep/client'
import { withServers } from '@memkeep/core/internal'
import * as installed from 'keyv'
import { KeyvMemcached } from './keyv-memcached.ts'
import type { KeyvMemcachedOptions } from './options.ts'
import { KeyvMemcached as KeyvMemcached6 } from './v6.ts'

/** Keyv's own options. */
interface OwnOptions {
  /** Default time to live in milliseconds. Default: none. */
  readonly ttl?: number | undefined
  /** Whether Keyv throws errors in addition to emitting them. Default false. */
  readonly throwOnErrors?: boolean | undefined
}

/** Options of {@link createKeyv}: those of the adapter, and Keyv's own. */
export type CreateKeyvOptions = Omit<
  Extract<KeyvMemcachedOptions, { client?: undefined }>,
  'servers' | 'client'
> &
  OwnOptions

/**
 * A Keyv of the installed major version (5 or 6) over memcached.
 *
 * @throws as {@link KeyvMemcached} for invalid options; TypeError without servers
 *
 * @example
 * const cache = createKeyv('memcacheds://cache1:11211', { namespace: 'users', transport: tls({ ca }) })
 * const same = createKeyv({ servers: 'memcacheds://cache1:11211', namespace: 'users', transport: tls({ ca }) })
 */
export function createKeyv(servers: ServersInput, options?: CreateKeyvOptions): installed.Keyv
/** The same with the servers, or a ready client, among the options. */
export function createKeyv(options: KeyvMemcachedOptions & OwnOptions): installed.Keyv
export function createKeyv(
  first: ServersInput | (KeyvMemcachedOptions & OwnOptions),
  options?: CreateKeyvOptions,
): installed.Keyv {
  const own = withServers('createKeyv', first, options) as KeyvMemcachedOptions & OwnOptions
  const { ttl, throwOnErrors, namespace, ...rest } = own
  const Store = 'keyvStorageCapability' in installed ? KeyvMemcached6 : KeyvMemcached
  const store = new Store({ ...rest, namespace })
  return new installed.Keyv({
    store,
    ...(namespace !== undefined && { namespace }),
    ...(ttl !== undefined && { ttl }),
    ...(throwOnErrors !== undefined && { throwOnErrors }),
  })
}
