import { asBuffer, describeInput, describeNoBytes, ownProperties } from '@memkeep/core/internal'
import { encryption } from '../middleware.ts'
import type { EncryptionOptions } from '../options.ts'

/** Anything that keeps bytes by key, now or later. */
export interface ByteCache {
  get(key: string): BytesFound | PromiseLike<BytesFound>
  set(key: string, value: Buffer, ...rest: never[]): unknown
}

/** The parameters of a `set` that takes any bytes. */
type TakingBytes<Given extends unknown[]> = Given extends [infer Key, unknown, ...infer Rest]
  ? [Key, Uint8Array, ...Rest]
  : Given

type BytesFound = Uint8Array | null | undefined

/** Options of {@link wrapBytes}: those of `encryption()` that need no more than key and value. */
export type WrapBytesOptions = Omit<EncryptionOptions, 'keyNames' | 'bindExpiry' | 'rewrap'>

/** A {@link ByteCache} with sealed values: waits where the one below does, and takes what its `set` takes. */
export interface SealedCache<Cache extends ByteCache> {
  /** The value, or undefined for a miss or what does not open. */
  get(
    key: string,
  ): ReturnType<Cache['get']> extends PromiseLike<unknown> ? Promise<Buffer | undefined> : Buffer | undefined
  set(...parameters: TakingBytes<Parameters<Cache['set']>>): ReturnType<Cache['set']>
}

const WITHOUT = ['keyNames', 'bindExpiry', 'rewrap']

/**
 * Seals the values of any cache of bytes, bound to their keys. What else the cache can do (delete, clear) is done on
 * the cache itself. Give each cache a `context` of its own, so that no value can be moved from one to another.
 *
 * @example
 * const sealed = wrapBytes(new Map<string, Buffer>(), { keyring: Keyring.fromEnv(), context: 'in memory' })
 * sealed.set('user:1', Buffer.from('private'))
 * sealed.get('user:1')
 *
 * @throws TypeError, RangeError, MemkeepError as `encryption()` does
 */
export function wrapBytes<Cache extends ByteCache>(
  cache: Cache,
  options: WrapBytesOptions,
): SealedCache<Cache> {
  const own = ownProperties('wrapBytes', options, 'wrapBytes(cache, { keyring })')
  if (!isByteCache(cache)) {
    throw new TypeError(`wrapBytes: cache must have get and set, as a Map has, not ${describeInput(cache)}`)
  }
  const misfit = WITHOUT.find((name) => Object.hasOwn(own, name))
  if (misfit !== undefined) throw new TypeError(`wrapBytes: unknown option "${misfit}"`)
  const layer = encryption(own)

  function open(key: string, found: BytesFound): Buffer | undefined {
    if (found === undefined || found === null) return undefined
    const value = asBuffer(found)
    if (value === undefined) {
      throw new TypeError(`wrapBytes: the cache returned ${describeInput(found)}: give it a cache of bytes`)
    }
    return layer.decode({ key, value, flags: 0 })?.value
  }

  const sealed = {
    get(key: string) {
      const found = cache.get(key)
      return isLater(found) ? found.then((value) => open(key, value)) : open(key, found)
    },
    set(key: string, given: Uint8Array, ...rest: never[]) {
      const value = asBuffer(given)
      if (value === undefined) {
        throw new TypeError(
          `wrapBytes: value must be a Buffer or a Uint8Array, not ${describeNoBytes(given)}`,
        )
      }
      return cache.set(key, layer.encode({ key, value, flags: 0 }).value, ...rest)
    },
  }
  // the types follow those of the cache below, which the compiler cannot check
  return sealed as SealedCache<Cache>
}

function isLater(found: BytesFound | PromiseLike<BytesFound>): found is PromiseLike<BytesFound> {
  return typeof found === 'object' && found !== null && 'then' in found
}

function isByteCache(cache: unknown): boolean {
  const { get, set } = (cache ?? {}) as { readonly get?: unknown; readonly set?: unknown }
  return typeof get === 'function' && typeof set === 'function'
}
