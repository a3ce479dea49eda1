import { BINARY_HEADER_BYTES, encodeBinaryRequest, toExptime } from '@memkeep/core/internal'

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

/** An expiry by which a count makes no item (memcached's binary protocol, "Increment, Decrement"). */
export const DO_NOT_CREATE = 0xffff_ffff

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

/** Where the expiry stands in the extras of a request; undefined where there is none. */
function expiryAt({ opcode }: Frame): number | undefined {
  switch (opcode) {
    case OPCODES.set:
    case OPCODES.add:
    case OPCODES.replace:
      return 4
    case OPCODES.increment:
    case OPCODES.decrement:
      return 16
    case OPCODES.touch:
      return 0
    default:
      return undefined
  }
}

/**
 * The same request, with an expiry that memcached reads as it was meant.
 *
 * @throws RangeError for an expiry that memcached cannot hold
 */
export function withExptime(frame: Frame): Frame {
  const at = expiryAt(frame)
  if (at === undefined) return frame
  const seconds = frame.extras.readUInt32BE(at)
  if (at === 16 && seconds === DO_NOT_CREATE) return frame
  const exptime = toExptime('expires', seconds)
  if (exptime === seconds) return frame
  const extras = Buffer.from(frame.extras)
  extras.writeUInt32BE(exptime, at)
  return { ...frame, extras }
}

/** The same request with another key. */
export function writeFrame(frame: Frame, key: string): Buffer {
  return encodeBinaryRequest({ ...frame, key: Buffer.from(key) })
}
