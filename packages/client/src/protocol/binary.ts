import { BINARY_HEADER_BYTES, binaryResponseLength, decodeBinaryResponse } from '@memkeep/core/internal'
import type { Command } from './command.ts'
import type { Protocol } from './protocol.ts'
import { assertValueLength, AUTH_ERROR, type ReplyStatus } from './reply.ts'

const REQUEST_MAGIC = 0x80
const OPCODE = { get: 0x00, set: 0x01, delete: 0x04 } as const
/** Flags and expiry before the key of a `set`, 4 bytes each. */
const SET_EXTRAS_BYTES = 8

/** Response statuses (memcached's binary protocol, "Response Status"). */
const STATUS: Readonly<Record<number, ReplyStatus>> = {
  0x00: 'done',
  0x01: 'not-found',
  0x02: 'exists',
  0x03: 'too-large',
  0x05: 'not-stored',
}
const STATUS_AUTH_ERROR = 0x20

/** memcached's binary protocol, which SASL needs; each request carries an opaque token. */
export const binary: Protocol = {
  name: 'binary',

  bound(command) {
    const head = BINARY_HEADER_BYTES + SET_EXTRAS_BYTES + command.key.length * 3
    return head + (command.verb === 'set' ? command.value.length : 0)
  },

  write(command: Command, opaque, out, at) {
    const extras = command.verb === 'set' ? SET_EXTRAS_BYTES : 0
    const body = at + BINARY_HEADER_BYTES
    const keyBytes = out.write(command.key, body + extras)
    let end = body + extras + keyBytes
    if (command.verb === 'set') {
      out.writeUInt32BE(command.flags, body)
      out.writeUInt32BE(command.exptime, body + 4)
      end += command.value.copy(out, end)
    }
    out.fill(0, at, body)
    out[at] = REQUEST_MAGIC
    out[at + 1] = OPCODE[command.verb]
    out.writeUInt16BE(keyBytes, at + 2)
    out[at + 4] = extras
    out.writeUInt32BE(end - body, at + 8)
    out.writeUInt32BE(opaque, at + 12)
    return end
  },

  read(data, at) {
    const length = binaryResponseLength(data, at)
    if (length === undefined) return BINARY_HEADER_BYTES
    assertValueLength(length)
    if (data.length - at < length) return length
    const { opcode, status: code, opaque, extras, value } = decodeBinaryResponse(data, at, length)
    const status = STATUS[code] ?? 'error'
    const hit = status === 'done' && opcode === OPCODE.get
    return {
      status: hit ? 'value' : status,
      opaque,
      value: hit ? value : undefined,
      flags: hit && extras.length >= 4 ? extras.readUInt32BE(0) : 0,
      message: code === STATUS_AUTH_ERROR ? AUTH_ERROR : status === 'error' ? value.toString('latin1') : '',
      end: at + length,
    }
  },
}
