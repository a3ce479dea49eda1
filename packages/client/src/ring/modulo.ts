import { checkWeights } from './check-weights.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Ring, RingServer } from './ring.ts'

/**
 * The ring that libmemcached uses unless told otherwise: the one-at-a-time hash of the key, modulo the number of
 * servers (`MEMCACHED_DISTRIBUTION_MODULA` with `MEMCACHED_HASH_DEFAULT`).
 *
 * Weights, hosts and ports play no part, only the order of the list does, as in libmemcached; a server more or less
 * moves almost every key. libmemcached never leaves a server out here; `isUp` walks on to the next index.
 *
 * @throws RangeError for a weight that is not a whole number from 1 to 4294967295
 */
export function modulo(servers: readonly RingServer[]): Ring {
  checkWeights(servers)
  const count = servers.length
  return {
    pick(key, isUp): number {
      if (count === 0) return -1
      const home = count === 1 ? 0 : oneAtATime(key) % count
      if (isUp === undefined) return home
      for (let step = 0; step < count; step++) {
        const index = (home + step) % count
        if (isUp(index)) return index
      }
      return -1
    },
    change: modulo,
  }
}
