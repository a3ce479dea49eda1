import { isUint8Array } from 'node:util/types'
import type { Entry } from '@memkeep/core'
import { describeInput, describeNoBytes } from '@memkeep/core/internal'

/** A value with what it is bound to. */
export interface EnvelopeEntry extends Omit<Entry, 'value'> {
  readonly value: Uint8Array
}

/**
 * The fields of a caller's entry, each read once: an accessor can neither change between check and use nor run while
 * a nonce is being used.
 *
 * @throws TypeError, RangeError for an invalid key, value or flags
 */
export function readEntry(entry: EnvelopeEntry): Entry {
  const given: unknown = entry
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`entry must be { key, value, flags }, not ${describeInput(given)}`)
  }
  const { key, value, flags, expiresAt } = entry
  if (typeof key !== 'string') throw new TypeError(`entry.key must be a string, not ${typeof key}`)
  if (!Buffer.isBuffer(value) && !isUint8Array(value)) {
    throw new TypeError(`entry.value must be a Buffer or a Uint8Array, not ${describeNoBytes(value)}`)
  }
  if (flags >>> 0 !== flags) throw new RangeError('entry.flags must be an integer of 32 bits, not negative')
  return { key, value: genuine(value), flags, expiresAt }
}

/**
 * A Buffer of the same bytes for another `Uint8Array`, and for a buffer with properties of its own, which may run code
 * or misstate its length.
 */
function genuine(value: Uint8Array): Buffer {
  if (isPlainBuffer(value)) return value
  const [buffer, byteOffset, byteLength] = (['buffer', 'byteOffset', 'byteLength'] as const).map(
    (name) => Reflect.get(TYPED_ARRAY, name, value) as unknown,
  ) as [ArrayBuffer, number, number]
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Has the accessors that every typed array inherits, whatever covers them. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object

function isPlainBuffer(value: Uint8Array): value is Buffer {
  return Object.getPrototypeOf(value) === Buffer.prototype && !hasOwnGeometry(value)
}

function hasOwnGeometry(value: Uint8Array): boolean {
  return (
    Object.hasOwn(value, 'length') ||
    Object.hasOwn(value, 'byteLength') ||
    Object.hasOwn(value, 'byteOffset') ||
    Object.hasOwn(value, 'buffer')
  )
}
