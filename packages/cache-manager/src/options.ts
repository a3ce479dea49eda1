import type { KeyvMemcachedOptions } from '@memkeep/keyv'

/** The first level, in the memory of the process. */
export interface MemoryOptions {
  /** The most items. When there are more, those that were not used longest go. */
  readonly max: number
  /** Milliseconds that an item stays at most: as long as this process may miss what another one changed. */
  readonly ttl: number
}

/** Options of `createMemcachedCache`: those of `KeyvMemcached`, hardening included, and the cache's own. */
export type MemcachedCacheOptions = KeyvMemcachedOptions & {
  /** Milliseconds that items live when nothing else is said. Default: until memcached needs the room. */
  readonly ttl?: number | undefined
  /** `wrap` computes an item anew, in the background, when it has less than so many milliseconds left. Default: never. */
  readonly refreshThreshold?: number | undefined
  /** Default: no first level in memory. */
  readonly memory?: MemoryOptions | undefined
  /** Is told what goes wrong with memcached, which the cache takes for misses. Default: a process warning, the first time. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** @throws RangeError or TypeError naming the option */
export function checkOptions({ ttl, refreshThreshold, memory, onError }: MemcachedCacheOptions): void {
  if (ttl !== undefined) milliseconds('ttl', ttl)
  if (refreshThreshold !== undefined) milliseconds('refreshThreshold', refreshThreshold)
  if (onError !== undefined && typeof onError !== 'function') {
    throw new TypeError('createMemcachedCache: "onError" must be a function')
  }
  if (memory === undefined) return
  const unknown = Object.keys(memory).find((name) => name !== 'max' && name !== 'ttl')
  if (unknown !== undefined)
    throw new TypeError(`createMemcachedCache: "memory" takes max and ttl, not "${unknown}"`)
  milliseconds('memory.ttl', memory.ttl)
  if (!Number.isInteger(memory.max) || memory.max < 1) {
    throw new RangeError(
      `createMemcachedCache: "memory.max" must be a whole number of items, not ${String(memory.max)}`,
    )
  }
}

function milliseconds(option: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) {
    throw new RangeError(
      `createMemcachedCache: "${option}" must be milliseconds above 0, not ${String(value)}`,
    )
  }
}
