import { DEFAULT_PORT } from '@memkeep/core'
import { checkWeights } from './check-weights.ts'
import { MD5_WORDS, md5, md5Word, requireMd5 } from './md5.ts'
import type { Ring, RingServer } from './ring.ts'

/** Points of a server whose weight is the average (`MEMCACHED_POINTS_PER_SERVER_KETAMA`). */
const POINTS_PER_SERVER = 160
/** Room for a server's index beside its point in one float, which sorts both at once: 2^32 * 2^20 < 2^53. */
const INDEX_ROOM = 2 ** 20

interface Points {
  /** Places on the circle, ascending. */
  readonly values: Uint32Array
  /** Whose they are; one entry longer, as beyond the last point the first one's server follows. */
  readonly owners: Uint32Array
}

/**
 * libmemcached's weighted ketama (`MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`), point for point: 160 points of MD5 for a
 * server of average weight, and a key belongs to the first point that is not below its own MD5.
 *
 * A server whose weight is below a fortieth of the average has no point, hence no key, as in libmemcached. `isUp`
 * walks on along the circle, so that only the keys of servers that are down move.
 *
 * @throws RangeError for a weight that is not a whole number from 1 to 4294967295
 * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` for two servers or more where OpenSSL has no MD5 (FIPS)
 */
export function ketama(servers: readonly RingServer[]): Ring {
  checkWeights(servers)
  const count = servers.length
  if (count < 2) return { pick: (_key, isUp) => firstUp(count, isUp) }
  requireMd5()
  const { values, owners } = layOut(servers)
  return {
    pick(key, isUp): number {
      const start = firstAtOrAfter(values, md5Word(md5(key), 0))
      const home = owners[start] ?? -1
      if (isUp === undefined || isUp(home)) return home
      for (const owner of owners.subarray(start + 1)) if (isUp(owner)) return owner
      for (const owner of owners.subarray(0, start)) if (isUp(owner)) return owner
      return firstUp(count, isUp)
    },
  }
}

/** For one server, and for when only servers without a point are left. */
function firstUp(count: number, isUp: (index: number) => boolean = () => true): number {
  for (let index = 0; index < count; index++) if (isUp(index)) return index
  return -1
}

/** Ascending, and where two servers share a point the lower index first. */
function layOut(servers: readonly RingServer[]): Points {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0)
  const points: number[] = []
  for (const [index, server] of servers.entries()) {
    const name = pointName(server)
    const digests = pointCount(server.weight, total, servers.length) / MD5_WORDS
    for (let n = 0; n < digests; n++) {
      const digest = md5(`${name}-${String(n)}`)
      for (let word = 0; word < MD5_WORDS; word++) points.push(md5Word(digest, word) * INDEX_ROOM + index)
    }
  }
  const sorted = Float64Array.from(points).sort()
  const values = Uint32Array.from(sorted, (point) => Math.floor(point / INDEX_ROOM))
  const owners = Uint32Array.from([...sorted, ...sorted.subarray(0, 1)], (point) => point % INDEX_ROOM)
  return { values, owners }
}

/** The default port is left out, every other number is written, 0 for a Unix socket too. */
function pointName({ host, port }: RingServer): string {
  return port === DEFAULT_PORT ? host : `${host}:${String(port)}`
}

/**
 * Rounded to 32-bit floats after every step, as libmemcached is: 25 servers of one weight have 156 points each there,
 * and 160 in exact arithmetic.
 */
function pointCount(weight: number, total: number, servers: number): number {
  const f32 = Math.fround
  const share = f32(f32(weight) / f32(total))
  const digests = f32(f32(f32(share * POINTS_PER_SERVER) / MD5_WORDS) * f32(servers))
  return Math.floor(f32(digests + f32(1e-10))) * MD5_WORDS
}

/** Index of the first value that is `hash` or more; `values.length` when all are below. */
function firstAtOrAfter(values: Uint32Array, hash: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] ?? hash) < hash) low = middle + 1
    else high = middle
  }
  return low
}
