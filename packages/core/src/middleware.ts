import { assertKey } from './key.ts'

/** One value on its way to or from a server. */
export interface Entry {
  /** The logical key, as the caller wrote it. */
  readonly key: string
  /** In `decode`, a view that is valid during the call only: what is returned must be memory of its own. */
  readonly value: Buffer
  /** memcached's client flags, 32 bits, stored beside the value. */
  readonly flags: number
  /** When the item ends, in Unix milliseconds; undefined: never. `encode` is told, `decode` tells what it knows. */
  readonly expiresAt?: number | undefined
}

/** What was stored. */
export interface DecodedEntry extends Entry {
  /** True when it should be stored anew, being in a form that is on its way out: sealed with an older key. */
  readonly stale?: boolean | undefined
}

/** What an adapter stores for its own use, such as the version of a namespace. */
export interface StoredRecord {
  /** The logical key. No user key is the same. */
  readonly key: string
  readonly value: Buffer
}

/** A record that was read. */
export interface OpenedRecord {
  /** Memory of its own. */
  readonly value: Buffer
  /** True when it should be stored again, in the form that `sealRecord` gives it now. */
  readonly stale: boolean
}

/** What works on stored bytes, or on an item's expiry, without storing a value anew. */
export type RestrictedOperation = 'append' | 'prepend' | 'increment' | 'decrement' | 'touch' | 'getAndTouch'

/** What happens to a key and a value on the way. Every method is synchronous: it is on the hot path. */
export interface Middleware {
  /** A word for messages: `encryption`. */
  readonly name: string
  /** Called by every client that uses the layer, before its first call, with what it puts before each key. */
  usePrefix?(prefix: string): void
  /** The key that the server sees. */
  mapKey?(key: string): string
  /** What is stored instead of the entry. A throw stores nothing. */
  encode?(entry: Entry): Entry
  /** What was stored, or undefined for a miss. */
  decode?(entry: Entry): DecodedEntry | undefined
  /**
   * Why an operation cannot be done on a logical key, and what to do instead; undefined when it can. Asked before a
   * byte is sent. A layer with `encode` or `decode` but without this method refuses to append, prepend and count.
   */
  refuses?(operation: RestrictedOperation, key: string): string | undefined
  /**
   * The bytes to store for a record. Records never expire, and options for values (bound expiry, plain keys,
   * compression) do not apply to them. Without this method and `openRecord`, records pass the layer unchanged.
   */
  sealRecord?(record: StoredRecord): Buffer
  /** The record in stored bytes, which are valid during the call only. @throws MemkeepError when they are not authentic */
  openRecord?(record: StoredRecord): OpenedRecord
}

/** Several middlewares as one: on the way down first to last, on the way back last to first. */
export interface Pipeline {
  /** Whether what is stored may be something else than the value. */
  readonly transforms: boolean
  /** The validated key for the wire. @throws MemkeepError `ERR_MEMKEEP_INVALID_KEY` */
  wireKey(key: string): string
  /** Why an operation cannot be done on a logical key; undefined when it can. */
  refusal(operation: RestrictedOperation, key: string): string | undefined
  encode(entry: Entry): Entry
  /**
   * The value as memory of the caller's own, or undefined for a miss.
   *
   * @param onStale called for a value that should be stored anew
   */
  decode(entry: Entry, onStale?: OnStale): Buffer | undefined
  sealRecord(record: StoredRecord): Buffer
  /** @throws MemkeepError when the bytes are not authentic */
  openRecord(record: StoredRecord): OpenedRecord
}

/** Is told the logical key of a value that should be stored anew, and when its item ends, where a layer knows that. */
export type OnStale = (key: string, expiresAt: number | undefined) => void

/**
 * Joins middlewares into the one {@link Pipeline} that an adapter runs its keys and values through.
 *
 * @param prefix what the adapter puts before every key; empty without a namespace
 */
export function composeMiddleware(middleware: readonly Middleware[], prefix = ''): Pipeline {
  for (const layer of middleware) layer.usePrefix?.(prefix)
  const backwards = middleware.toReversed()
  return {
    transforms: middleware.some((layer) => layer.encode !== undefined || layer.decode !== undefined),
    wireKey(key) {
      // what is no text must not become one on the way, by whatever its toString says
      if (typeof key !== 'string') assertKey(key)
      let mapped = key
      for (const layer of middleware) if (layer.mapKey !== undefined) mapped = layer.mapKey(mapped)
      assertKey(mapped)
      return mapped
    },
    refusal(operation, key) {
      for (const layer of middleware) {
        const reason = refusalOf(layer, operation, key)
        if (reason !== undefined) return reason
      }
      return undefined
    },
    encode(entry) {
      let encoded = entry
      for (const layer of middleware) if (layer.encode !== undefined) encoded = layer.encode(encoded)
      return encoded
    },
    decode(entry, onStale) {
      let decoded: DecodedEntry | undefined = entry
      let stale = false
      let expiresAt: number | undefined
      for (const layer of backwards) {
        if (layer.decode !== undefined) decoded = layer.decode(decoded)
        if (decoded === undefined) return undefined
        stale ||= decoded.stale === true
        expiresAt ??= decoded.expiresAt
      }
      if (stale) onStale?.(entry.key, expiresAt)
      return decoded.value.buffer === entry.value.buffer ? Buffer.from(decoded.value) : decoded.value
    },
    sealRecord({ key, value }) {
      let sealed = value
      for (const layer of middleware) {
        if (layer.sealRecord !== undefined) sealed = layer.sealRecord({ key, value: sealed })
      }
      return sealed
    },
    openRecord({ key, value }) {
      let opened: Buffer = Buffer.from(value)
      let stale = false
      for (const layer of backwards) {
        if (layer.openRecord === undefined) continue
        const record = layer.openRecord({ key, value: opened })
        opened = record.value
        stale ||= record.stale
      }
      return { value: opened, stale }
    },
  }
}

const TRANSFORMED: ReadonlySet<RestrictedOperation> = new Set(['append', 'prepend', 'increment', 'decrement'])

function refusalOf(layer: Middleware, operation: RestrictedOperation, key: string): string | undefined {
  if (layer.refuses !== undefined) return layer.refuses(operation, key)
  if (!TRANSFORMED.has(operation) || (layer.encode === undefined && layer.decode === undefined))
    return undefined
  return `the middleware ${layer.name} changes the stored bytes: read the value, change it, and store it with cas()`
}
