import { BINARY_HEADER_BYTES, binaryResponseLength } from '@memkeep/core/internal'
import { payloadBound, type Command } from './command.ts'
import type { Protocol } from './protocol.ts'
import {
  answers,
  assertValueLength,
  AUTH_ERROR,
  desynchronised,
  type Reply,
  type ReplyStatus,
} from './reply.ts'

const REQUEST_MAGIC = 0x80
/** The most bytes of extras that a command has: those of a count. */
const MAX_EXTRAS_BYTES = 20
/** An expiry that tells a count not to make the item (memcached's binary protocol, "Increment, Decrement"). */
const DO_NOT_CREATE = 0xffff_ffff

const OPCODE = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  increment: 0x05,
  decrement: 0x06,
  flush: 0x08,
  version: 0x0b,
  append: 0x0e,
  prepend: 0x0f,
  stats: 0x10,
  touch: 0x1c,
} as const
const GET_AND_TOUCH = 0x1d

/** Response statuses (memcached's binary protocol, "Response Status"). */
const STATUS: Readonly<Record<number, ReplyStatus>> = {
  0x00: 'done',
  0x01: 'not-found',
  0x02: 'exists',
  0x03: 'too-large',
  0x05: 'not-stored',
}
const STATUS_AUTH_ERROR = 0x20
/** A CAS unique that no item has. On the wire 0 means to store in any case, and servers without CAS (`-C`) name it. */
const NO_CAS = 2n ** 64n - 1n

/** memcached's binary protocol, which SASL needs; each request carries an opaque token. */
export const binary: Protocol = {
  name: 'binary',
  trailerBytes: 0,
  afterValue: '',

  bound: (command) => BINARY_HEADER_BYTES + MAX_EXTRAS_BYTES + payloadBound(command),

  write: (command, opaque, out, at) => writeRequest(command, opaque, out, at, 'utf8'),

  read(data, at, reply) {
    const length = binaryResponseLength(data, at)
    if (length === undefined) return BINARY_HEADER_BYTES
    assertValueLength(length)
    const code = data.readUInt16BE(at + 6)
    const skipped = length > reply.maxValueBytes ? skipValue(data, at, reply) : undefined
    if (skipped !== undefined) return skipped
    if (data.length - at < length) return length
    const extras = at + BINARY_HEADER_BYTES
    const key = extras + data.readUInt8(at + 4)
    const value = key + data.readUInt16BE(at + 2)
    const end = at + length
    if (value > end) throw desynchronised('sent a binary header whose lengths contradict each other')
    reply.reset(STATUS[code] ?? 'error', end)
    reply.opaque = data.readUInt32BE(at + 12)
    if (code === 0) readResult(data, { at, extras, key, value, end }, reply)
    else if (code === STATUS_AUTH_ERROR) reply.message = AUTH_ERROR
    else if (reply.status === 'error') reply.message = data.toString('latin1', value, end)
    return 0
  },

  belongs: (reply, command, opaque) =>
    reply.opaque === opaque && (answers(reply, command) || isUnknownGroup(reply, command)),
}

/** The same for keys that are any bytes: each character of a key stands for one byte. */
export const binaryOfBytes: Protocol = {
  ...binary,
  write: (command, opaque, out, at) => writeRequest(command, opaque, out, at, 'latin1'),
}

function writeRequest(
  command: Command,
  opaque: number,
  out: Buffer,
  at: number,
  keys: 'utf8' | 'latin1',
): number {
  const body = at + BINARY_HEADER_BYTES
  out.fill(0, at, body)
  const extras = writeExtras(command, out, body)
  const keyBytes = 'key' in command ? out.write(command.key, body + extras, keys) : 0
  let end = body + extras + keyBytes
  if ('value' in command) {
    end += command.value.copy(out, end)
    if (command.cas !== undefined) out.writeBigUInt64BE(command.cas === 0n ? NO_CAS : command.cas, at + 16)
  }
  // the group of statistics stands where a key would
  const groupBytes = command.verb === 'stats' ? out.write(command.group, end, keys) : 0
  end += groupBytes
  out[at] = REQUEST_MAGIC
  out[at + 1] = opcodeOf(command)
  out.writeUInt16BE(keyBytes + groupBytes, at + 2)
  out[at + 4] = extras
  out.writeUInt32BE(end - body, at + 8)
  out.writeUInt32BE(opaque, at + 12)
  return end
}

/** Whether the server does not have the statistics that were asked for. */
function isUnknownGroup({ status }: Reply, { verb }: Command): boolean {
  return verb === 'stats' && status === 'not-found'
}

function opcodeOf(command: Command): number {
  return command.verb === 'get' && command.exptime !== undefined ? GET_AND_TOUCH : OPCODE[command.verb]
}

/** Writes what stands between header and key, and returns its length. */
function writeExtras(command: Command, out: Buffer, at: number): number {
  switch (command.verb) {
    case 'set':
    case 'add':
    case 'replace':
      out.writeUInt32BE(command.flags, at)
      out.writeUInt32BE(command.exptime, at + 4)
      return 8
    case 'increment':
    case 'decrement':
      out.writeBigUInt64BE(command.delta, at)
      out.writeBigUInt64BE(0n, at + 8)
      out.writeUInt32BE(DO_NOT_CREATE, at + 16)
      return 20
    case 'touch':
      out.writeUInt32BE(command.exptime, at)
      return 4
    case 'flush':
      out.writeUInt32BE(command.delay, at)
      return 4
    case 'get':
      if (command.exptime === undefined) return 0
      out.writeUInt32BE(command.exptime, at)
      return 4
    default:
      return 0
  }
}

/**
 * Reads the response at `at` up to its value, if that is over the limit, and returns what {@link Protocol.read} does;
 * undefined for any other response.
 */
function skipValue(data: Buffer, at: number, reply: Reply): number | undefined {
  const opcode = data[at + 1]
  const isHit = data.readUInt16BE(at + 6) === 0 && (opcode === OPCODE.get || opcode === GET_AND_TOUCH)
  if (!isHit) return undefined
  const before = data.readUInt8(at + 4) + data.readUInt16BE(at + 2)
  const length = data.readUInt32BE(at + 8) - before
  if (length <= reply.maxValueBytes) return undefined
  const valueAt = BINARY_HEADER_BYTES + before
  if (data.length - at < valueAt) return valueAt
  reply.reset('oversized', at + valueAt)
  reply.opaque = data.readUInt32BE(at + 12)
  reply.unreadBytes = length
  return 0
}

/** Offsets of the parts of a response. */
interface Parts {
  readonly at: number
  readonly extras: number
  readonly key: number
  readonly value: number
  readonly end: number
}

/** Reads what a response of success carries, which depends on what it answers. */
function readResult(data: Buffer, { at, extras, key, value, end }: Parts, reply: Reply): void {
  switch (data[at + 1]) {
    case OPCODE.get:
    case GET_AND_TOUCH:
      reply.status = 'value'
      reply.flags = key - extras >= 4 ? data.readUInt32BE(extras) : 0
      reply.cas = data.readBigUInt64BE(at + 16)
      reply.setValue(data, value, end)
      return
    case OPCODE.increment:
    case OPCODE.decrement:
      if (end - value !== 8) throw desynchronised('sent a count that has not 64 bits')
      reply.status = 'value'
      setNumber(reply, data.readBigUInt64BE(value))
      return
    case OPCODE.stats:
      reply.status = key === value ? 'end' : 'stat'
      reply.message = `${data.toString('latin1', key, value)} ${data.toString('latin1', value, end)}`
      return
    case OPCODE.version:
      reply.status = 'version'
      reply.message = data.toString('latin1', value, end)
      return
    default:
  }
}

/** Says a number as the text protocols do. */
function setNumber(reply: Reply, number: bigint): void {
  const digits = Buffer.from(String(number))
  reply.setValue(digits, 0, digits.length)
}
