import type { ServersInput } from '@memkeep/client'
import { ownProperties } from '@memkeep/core/internal'
import * as installed from 'keyv'
import { KeyvMemcached } from './keyv-memcached.ts'
import type { KeyvMemcachedOptions } from './options.ts'
import { KeyvMemcached as KeyvMemcached6 } from './v6.ts'

/** Options of {@link createKeyv}: those of the adapter, and Keyv's own. */
export type CreateKeyvOptions = Omit<
  Extract<KeyvMemcachedOptions, { client?: undefined }>,
  'servers' | 'client'
> & {
  /** Default time to live in milliseconds. Default: none. */
  readonly ttl?: number | undefined
  /** Whether Keyv throws what goes wrong beside emitting it. Default false. */
  readonly throwOnErrors?: boolean | undefined
}

/**
 * A Keyv of the installed generation (5 or 6) over memcached.
 *
 * @throws as {@link KeyvMemcached} for options that do not hold
 *
 * @example
 * const cache = createKeyv('memcacheds://cache1:11211', { namespace: 'users', transport: tls({ ca }) })
 */
export function createKeyv(servers: ServersInput, options: CreateKeyvOptions = {}): installed.Keyv {
  const { ttl, throwOnErrors, namespace, ...rest } = ownProperties('createKeyv', options)
  const Store = 'keyvStorageCapability' in installed ? KeyvMemcached6 : KeyvMemcached
  const store = new Store({ ...rest, servers, namespace })
  return new installed.Keyv({
    store,
    ...(namespace !== undefined && { namespace }),
    ...(ttl !== undefined && { ttl }),
    ...(throwOnErrors !== undefined && { throwOnErrors }),
  })
}
