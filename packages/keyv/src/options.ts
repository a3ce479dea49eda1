import { describeInput, quoteName, ownProperties } from '@memkeep/core/internal'
import { MemcachedClient, type MemcachedClientOptions } from '@memkeep/client'

/** What the adapter itself takes. */
export interface StoreOptions {
  /** Keyv's namespace. Default: the one that Keyv sets. */
  readonly namespace?: string | undefined
  /** Whether `clear()` without a namespace may make the servers forget everything, also what others keep there. Default false. */
  readonly allowFlush?: boolean | undefined
  /** Milliseconds until every process has noticed the `clear()` of another. Default 1,000. */
  readonly clearDelay?: number | undefined
}

/**
 * Milliseconds that a call waits where the options say nothing: a cache that does not answer must not hold up what it
 * is to speed up.
 */
const CALL_TIMEOUT = 1_000

/**
 * Options of the adapter: its own with those of `MemcachedClient`, hardening included, or with a ready client. `timeout`
 * is 1,000 milliseconds by default.
 */
export type KeyvMemcachedOptions = StoreOptions &
  (
    | (Omit<MemcachedClientOptions, 'namespace' | 'ttl'> & { readonly client?: undefined })
    | { readonly client: MemcachedClient }
  )

/** The options, complete. */
export interface StoreSettings {
  readonly client: MemcachedClient
  /** Whether the client was made here, and is closed here. */
  readonly ownsClient: boolean
  readonly namespace: string | undefined
  readonly allowFlush: boolean
  readonly clearDelay: number
}

/** @throws TypeError or RangeError naming the option; as `MemcachedClient` for what is the client's */
export function readOptions(options: KeyvMemcachedOptions): StoreSettings {
  const own = ownProperties('KeyvMemcached', options, "new KeyvMemcached({ servers: 'cache1:11211' })")
  const { namespace, allowFlush = false, clearDelay = 1_000, ...rest } = own
  if (namespace !== undefined && typeof namespace !== 'string') {
    throw new TypeError('KeyvMemcached: "namespace" must be a string')
  }
  if (typeof allowFlush !== 'boolean')
    throw new TypeError('KeyvMemcached: "allowFlush" must be true or false')
  if (!(clearDelay >= 0 && clearDelay <= 60_000)) {
    throw new RangeError(
      `KeyvMemcached: "clearDelay" must be from 0 to 60000 milliseconds, not ${describeInput(clearDelay)}`,
    )
  }
  if (Object.hasOwn(rest, 'ttl')) {
    throw new TypeError('KeyvMemcached: "ttl" is Keyv\'s: new Keyv({ store, ttl }), in milliseconds')
  }
  const { client, ...others } = ownProperties('KeyvMemcached', rest)
  const common = { namespace, allowFlush, clearDelay }
  if (client === undefined) {
    const settings = { timeout: CALL_TIMEOUT, ...others } as MemcachedClientOptions
    return { ...common, client: new MemcachedClient(settings), ownsClient: true }
  }
  if (!(client instanceof MemcachedClient)) {
    throw new TypeError('KeyvMemcached: "client" must be a MemcachedClient of @memkeep/client')
  }
  const [other] = Object.keys(others)
  if (other !== undefined) {
    throw new TypeError(
      `KeyvMemcached: ${quoteName(other)} and "client" exclude each other: give it to the client`,
    )
  }
  return { ...common, client, ownsClient: false }
}
