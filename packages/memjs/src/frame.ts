import { BINARY_HEADER_BYTES, encodeBinaryRequest } from '@memkeep/core/internal'

/** Opcodes of memcached's binary protocol that memjs sends about one key. */
export const OPCODES = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  increment: 0x05,
  decrement: 0x06,
  append: 0x0e,
  prepend: 0x0f,
  touch: 0x1c,
} as const

/** A request as memjs made it. */
export interface Frame {
  readonly opcode: number
  readonly opaque: number
  /** For what stores: 4 bytes of flags, 4 of expiry. */
  readonly extras: Buffer
  readonly value: Buffer
}

/** Takes a request of memjs's apart; its key is known. */
export function readFrame(request: Buffer): Frame {
  const extrasEnd = BINARY_HEADER_BYTES + request.readUInt8(4)
  const keyEnd = extrasEnd + request.readUInt16BE(2)
  return {
    opcode: request.readUInt8(1),
    opaque: request.readUInt32BE(12),
    extras: request.subarray(BINARY_HEADER_BYTES, extrasEnd),
    value: request.subarray(keyEnd),
  }
}

/** Up to here, in seconds, memcached reads an expiry as relative; beyond, as Unix time. */
const MAX_RELATIVE_SECONDS = 60 * 60 * 24 * 30

/** When an item ends, in Unix milliseconds; undefined: never. */
export function endOf(expires: number): number | undefined {
  if (expires === 0) return undefined
  return expires > MAX_RELATIVE_SECONDS ? expires * 1000 : Date.now() + expires * 1000
}

/** The same request with another key. */
export function writeFrame(frame: Frame, key: string): Buffer {
  return encodeBinaryRequest({ ...frame, key: Buffer.from(key) })
}
