import { MemkeepError } from './errors.ts'
import type { Parsed } from './exchange.ts'

/** Bytes of a binary header (memcached's binary protocol, "Packet structure"). */
export const BINARY_HEADER_BYTES = 24

const REQUEST_MAGIC = 0x80
const RESPONSE_MAGIC = 0x81

/** One request of the binary protocol, its parts as bytes. */
export interface BinaryRequest {
  readonly opcode: number
  readonly opaque?: number
  readonly extras?: Buffer
  readonly key?: Buffer
  readonly value?: Buffer
}

/** One response of the binary protocol. `extras` and `value` are views into what was received. */
export interface BinaryResponse {
  readonly opcode: number
  readonly status: number
  readonly opaque: number
  readonly extras: Buffer
  readonly value: Buffer
}

const EMPTY: Buffer = Buffer.alloc(0)

/** Encodes one binary request. All integers are big-endian. */
export function encodeBinaryRequest(request: BinaryRequest): Buffer {
  const { opcode, opaque = 0, extras = EMPTY, key = EMPTY, value = EMPTY } = request
  const body = extras.length + key.length + value.length
  const frame = Buffer.allocUnsafe(BINARY_HEADER_BYTES + body).fill(0, 0, BINARY_HEADER_BYTES)
  frame[0] = REQUEST_MAGIC
  frame[1] = opcode
  frame.writeUInt16BE(key.length, 2)
  frame[4] = extras.length
  frame.writeUInt32BE(body, 8)
  frame.writeUInt32BE(opaque, 12)
  let at = BINARY_HEADER_BYTES
  for (const part of [extras, key, value]) at += part.copy(frame, at)
  return frame
}

/** How many bytes the response that starts at `at` takes, or undefined while its header is incomplete. */
export function binaryResponseLength(data: Buffer, at: number): number | undefined {
  if (data.length > at && data[at] !== RESPONSE_MAGIC) {
    throw new MemkeepError('ERR_MEMKEEP_PROTOCOL', 'The server does not speak the binary protocol here.')
  }
  return data.length - at < BINARY_HEADER_BYTES ? undefined : BINARY_HEADER_BYTES + data.readUInt32BE(at + 8)
}

/** Decodes the whole response of `length` bytes that starts at `at`. */
export function decodeBinaryResponse(data: Buffer, at: number, length: number): BinaryResponse {
  const keyLength = data.readUInt16BE(at + 2)
  const extrasLength = data.readUInt8(at + 4)
  const body = at + BINARY_HEADER_BYTES
  if (extrasLength + keyLength > length - BINARY_HEADER_BYTES) {
    throw new MemkeepError(
      'ERR_MEMKEEP_PROTOCOL',
      'The server sent a binary header whose lengths contradict each other.',
    )
  }
  return {
    opcode: data.readUInt8(at + 1),
    status: data.readUInt16BE(at + 6),
    opaque: data.readUInt32BE(at + 12),
    extras: data.subarray(body, body + extrasLength),
    value: data.subarray(body + extrasLength + keyLength, at + length),
  }
}

/** A parser of one binary response, for an exchange. */
export function parseBinaryResponse(received: Buffer): Parsed<BinaryResponse> | undefined {
  const length = binaryResponseLength(received, 0)
  if (length === undefined || received.length < length) return undefined
  return { value: decodeBinaryResponse(received, 0, length), length }
}
