import { DEFAULT_PORT } from '@memkeep/core'
import { checkWeights } from './check-weights.ts'
import { MD5_WORDS, md5, md5Word, requireMd5 } from './md5.ts'
import { PlaceMemo } from './place-memo.ts'
import type { Ring, RingServer } from './ring.ts'
import { ShortMd5 } from './short-md5.ts'

/** Points of a server whose weight is the average (`MEMCACHED_POINTS_PER_SERVER_KETAMA`). */
const POINTS_PER_SERVER = 160
/** Room for a server's index beside its point in one float, which sorts both at once: 2^32 * 2^20 < 2^53. */
const INDEX_ROOM = 2 ** 20

/** A server with its share of the circle. */
interface Placed {
  readonly name: string
  /** How many hashes it has, of four points each. */
  readonly hashes: number
}

/** The circle, and whose its points are. */
interface Circle {
  readonly placed: readonly Placed[]
  /** Places on the circle, ascending. */
  readonly values: Uint32Array
  /** Whose they are; one entry longer, as beyond the last point the first one's server follows. */
  readonly owners: Uint32Array
}

const EMPTY: Circle = { placed: [], values: new Uint32Array(0), owners: new Uint32Array(1) }

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
  return ringOf(servers, EMPTY)
}

/** @param before the circle before a change, of which the points of servers that stay are taken */
function ringOf(servers: readonly RingServer[], before: Circle): Ring {
  checkWeights(servers)
  const count = servers.length
  if (count < 2) {
    return {
      pick: (_key, isUp) => firstUp(count, isUp),
      change: (changed) => ringOf(changed, before),
    }
  }
  requireMd5()
  const circle = layOut(servers, before)
  const { values, owners } = circle
  const shortMd5 = new ShortMd5()
  const memo = new PlaceMemo((key) => {
    const short = shortMd5.firstWord(key)
    return firstAtOrAfter(values, short < 0 ? md5Word(md5(key), 0) : short)
  })
  return {
    pick(key, isUp): number {
      const start = memo.placeOf(key)
      const home = owners[start] ?? -1
      if (isUp === undefined || isUp(home)) return home
      for (let at = start + 1; at < owners.length; at++) {
        const owner = owners[at] ?? home
        if (isUp(owner)) return owner
      }
      for (let at = 0; at < start; at++) {
        const owner = owners[at] ?? home
        if (isUp(owner)) return owner
      }
      return firstUp(count, isUp)
    },
    change: (changed) => ringOf(changed, circle),
  }
}

/** For one server, and for when only servers without a point are left. */
function firstUp(count: number, isUp: (index: number) => boolean = () => true): number {
  for (let index = 0; index < count; index++) if (isUp(index)) return index
  return -1
}

/**
 * Ascending, and where two servers share a point the lower index first. As many hashes are computed as libmemcached
 * computes for what is not on the circle already; the points that stay are merged with theirs.
 */
function layOut(servers: readonly RingServer[], before: Circle): Circle {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0)
  const placed = servers.map((server) => ({
    name: pointName(server),
    hashes: hashCount(server.weight, total, servers.length),
  }))
  const { indices, removed, added } = compare(before.placed, placed)
  return { placed, ...merge(before, indices, pointsOf(removed), pointsOf(added)) }
}

/** Some points of a server: those of its hashes `from` to `to`, which is not among them. */
interface Share {
  readonly name: string
  readonly index: number
  readonly from: number
  readonly to: number
}

/** What becomes of the points of a circle. */
interface Changes {
  /** The new index of each server that stays, -1 for those that go. */
  readonly indices: Int32Array
  /** Points of servers that stay with fewer, under their old indices. */
  readonly removed: readonly Share[]
  /** Points of new servers, and of those that stay with more, under their new indices. */
  readonly added: readonly Share[]
}

function compare(before: readonly Placed[], after: readonly Placed[]): Changes {
  const old = new Map(before.map(({ name }, index) => [name, index]))
  const indices = new Int32Array(before.length).fill(-1)
  const removed: Share[] = []
  const added: Share[] = []
  for (const [index, { name, hashes: to }] of after.entries()) {
    const at = old.get(name)
    // a second one of that name has points of its own
    old.delete(name)
    if (at !== undefined) indices[at] = index
    const from = at === undefined ? 0 : (before[at]?.hashes ?? 0)
    if (from < to) added.push({ name, index, from, to })
    else if (at !== undefined && to < from) removed.push({ name, index: at, from: to, to: from })
  }
  return { indices, removed, added }
}

/** Points, each with its server's index, ascending. */
function pointsOf(shares: readonly Share[]): Float64Array {
  const hashes = shares.reduce((sum, { from, to }) => sum + to - from, 0)
  const points = new Float64Array(hashes * MD5_WORDS)
  let at = 0
  for (const { name, index, from, to } of shares) {
    for (let n = from; n < to; n++) {
      const digest = md5(`${name}-${String(n)}`)
      for (let word = 0; word < MD5_WORDS; word++) points[at++] = md5Word(digest, word) * INDEX_ROOM + index
    }
  }
  return points.sort()
}

/** One circle of the points that stay, under their new indices, and of those that are added. */
function merge(
  { values, owners }: Circle,
  indices: Int32Array,
  removed: Float64Array,
  added: Float64Array,
): Pick<Circle, 'values' | 'owners'> {
  const merged = new Float64Array(values.length + added.length)
  let length = 0
  const add = (point: number): void => {
    let at = length++
    // servers that share a point may have changed their order
    for (; at > 0 && (merged[at - 1] ?? 0) > point; at--) merged[at] = merged[at - 1] ?? 0
    merged[at] = point
  }
  let next = 0
  let gone = 0
  for (let old = 0; old < values.length; old++) {
    const value = values[old] ?? 0
    const owner = owners[old] ?? 0
    if (removed[gone] === value * INDEX_ROOM + owner) {
      gone++
      continue
    }
    const index = indices[owner] ?? -1
    if (index < 0) continue
    const point = value * INDEX_ROOM + index
    while (next < added.length && (added[next] ?? 0) < point) add(added[next++] ?? 0)
    add(point)
  }
  while (next < added.length) add(added[next++] ?? 0)
  return unpack(merged.subarray(0, length))
}

function unpack(points: Float64Array): Pick<Circle, 'values' | 'owners'> {
  const values = new Uint32Array(points.length)
  const owners = new Uint32Array(points.length + 1)
  for (let at = 0; at < points.length; at++) {
    const point = points[at] ?? 0
    const value = Math.floor(point / INDEX_ROOM)
    values[at] = value
    owners[at] = point - value * INDEX_ROOM
  }
  owners[points.length] = owners[0] ?? 0
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
function hashCount(weight: number, total: number, servers: number): number {
  const f32 = Math.fround
  const share = f32(f32(weight) / f32(total))
  const digests = f32(f32(f32(share * POINTS_PER_SERVER) / MD5_WORDS) * f32(servers))
  return Math.floor(f32(digests + f32(1e-10)))
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
