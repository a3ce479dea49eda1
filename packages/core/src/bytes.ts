import { isAnyArrayBuffer, isUint8Array } from 'node:util/types'
import { describeInput } from './quote-input.ts'

/** The same memory as a Buffer, also of a `Uint8Array` from another realm; undefined for what is no `Uint8Array`. */
export function asBuffer(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value
  return isUint8Array(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined
}

/** Whether it holds bytes in a form that is not taken, because its type would be lost. */
export function isOtherBytes(value: unknown): boolean {
  return isAnyArrayBuffer(value) || (ArrayBuffer.isView(value) && !isUint8Array(value))
}

/** What a caller passed in place of bytes, for messages, with what to pass instead. */
export function describeNoBytes(value: unknown): string {
  if (isAnyArrayBuffer(value)) return 'an ArrayBuffer: pass new Uint8Array(buffer)'
  if (isOtherBytes(value)) {
    return 'another typed array or a DataView: pass new Uint8Array(view.buffer, view.byteOffset, view.byteLength)'
  }
  return describeInput(value)
}
