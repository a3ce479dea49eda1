import { asBuffer, describeNoBytes, isOtherBytes } from '@memkeep/core/internal'
import { MemcacheClient } from 'memcache-client'

type Original = MemcacheClient
type OriginalValue = Parameters<Original['set']>[1]

/** What can be stored: what memcache-client takes, and bytes as any `Uint8Array`. */
export type StoredValue = OriginalValue | Uint8Array

/** The parameters of a method that stores, behind key and value. */
type Rest<Name extends 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas'> =
  Parameters<Original[Name]> extends [unknown, unknown, ...infer Others] ? Others : never

/** memcache-client's class, with bytes as any `Uint8Array` among the types of what its methods store. */
export class BytesClient extends MemcacheClient {
  override set(key: string, value: StoredValue, ...rest: Rest<'set'>): Promise<string[]> {
    return super.set(key, value as OriginalValue, ...rest)
  }

  override add(key: string, value: StoredValue, ...rest: Rest<'add'>): Promise<string[]> {
    return super.add(key, value as OriginalValue, ...rest)
  }

  override replace(key: string, value: StoredValue, ...rest: Rest<'replace'>): Promise<string[]> {
    return super.replace(key, value as OriginalValue, ...rest)
  }

  override append(key: string, value: StoredValue, ...rest: Rest<'append'>): Promise<string[]> {
    return super.append(key, value as OriginalValue, ...rest)
  }

  override prepend(key: string, value: StoredValue, ...rest: Rest<'prepend'>): Promise<string[]> {
    return super.prepend(key, value as OriginalValue, ...rest)
  }

  override cas(key: string, value: StoredValue, ...rest: Rest<'cas'>): Promise<string[]> {
    return super.cas(key, value as OriginalValue, ...rest)
  }
}

/**
 * A value as memcache-client packs it: bytes as a Buffer of the same memory.
 *
 * @throws TypeError for what it cannot pack, and for bytes of other types, of which it would make JSON
 */
export function readValue(value: unknown): unknown {
  const bytes = asBuffer(value)
  if (bytes !== undefined) return bytes
  const isTaken = typeof value === 'string' || typeof value === 'number' || typeof value === 'object'
  if (isTaken && !isOtherBytes(value)) return value
  throw new TypeError(
    `value must be a string, a number, a Buffer, a Uint8Array or an object, not ${describeNoBytes(value)}`,
  )
}
