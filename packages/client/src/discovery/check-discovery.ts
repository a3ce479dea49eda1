import type { Authenticator } from '@memkeep/core'
import type { Discovery } from './discovery.ts'

/** The longest delay of a Node timer, in milliseconds. */
const MAX_INTERVAL = 2 ** 31 - 1

/**
 * Checks the option `discovery` of a client.
 *
 * @throws TypeError or RangeError
 */
export function checkDiscovery(
  discovery: Discovery | undefined,
  auth: Authenticator | undefined,
): Discovery | undefined {
  if (discovery === undefined) return undefined
  const given: unknown = discovery
  if (typeof given !== 'object' || given === null || typeof discovery.discover !== 'function')
    throw new TypeError('MemcachedClient: "discovery" must be a discovery, such as elastiCache()')
  const { name, interval, maxServers = 1, speaks } = discovery
  if (typeof name !== 'string') throw new TypeError('MemcachedClient: "discovery.name" must be a string')
  if (!Number.isInteger(interval) || interval < 1 || interval > MAX_INTERVAL) {
    throw new RangeError(
      `MemcachedClient: "discovery.interval" must be a whole number of milliseconds from 1 to ${String(MAX_INTERVAL)}`,
    )
  }
  if (!Number.isSafeInteger(maxServers) || maxServers < 1)
    throw new RangeError('MemcachedClient: "discovery.maxServers" must be a whole number, at least 1')
  if (speaks === 'text' && auth?.protocol === 'binary') {
    throw new TypeError(
      `MemcachedClient: the discovery ${name} speaks text, which a server does not after ${auth.name}: use a discovery that does not, or list the nodes in "servers"`,
    )
  }
  return discovery
}
