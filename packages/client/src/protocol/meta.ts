import { writeNumber, writeString } from './ascii.ts'
import { payloadBound, type Command, type GetCommand, type StoreCommand } from './command.ts'
import { findLineEnd, isValueEnd, readPlainLine } from './line.ts'
import type { Protocol } from './protocol.ts'
import {
  answers,
  assertFlags,
  assertValueLength,
  desynchronised,
  type Reply,
  type ReplyStatus,
} from './reply.ts'

/** Bytes of a command beside key and value: verb, flags and numbers at their longest. */
const OVERHEAD_BYTES = 112

const V = 0x56
const A = 0x41
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const ZERO = 0x30
const NINE = 0x39
/** Where the line feed of a line stands that is a return code alone. */
const BARE_LINE_END = 3
const CAS = 0x63 // c
const OPAQUE = 0x4f // O
const FLAGS = 0x66 // f
const TTL = 0x74 // t
const MINUS = 0x2d

/**
 * The meta commands of memcached's text family (`protocol.txt`, "Meta Commands"), in the form that they have since
 * 1.6.10; each carries an opaque token. What has no meta command (`flush_all`, `stats`, `version`) is classic text.
 */
export const meta: Protocol = {
  name: 'meta',
  trailerBytes: 2,
  afterValue: '\r\n',

  bound: (command) => OVERHEAD_BYTES + payloadBound(command),

  write(command, opaque, out, at) {
    switch (command.verb) {
      case 'get':
        return writeGet(command, opaque, out, at)
      case 'set':
      case 'add':
      case 'replace':
      case 'append':
      case 'prepend':
        return writeStore(command, opaque, out, at)
      default:
        return writeString(line(command, opaque), out, at)
    }
  },

  read(data, at, reply) {
    if (data[at] === V && data[at + 1] === A && data[at + 2] === SPACE) return readValue(data, at, reply)
    const lineEnd = findLineEnd(data, at)
    if (lineEnd < 0) return data.length - at + 1
    if (lineEnd - at < 3) throw desynchronised('sent a line that is no reply')
    const third = data[at + 2]
    const status = third === SPACE || third === CR ? statusOf(data.readUInt16BE(at)) : undefined
    if (status === undefined) readPlainLine(data.toString('latin1', at, lineEnd - 1), lineEnd + 1, reply)
    else {
      reply.reset(status, lineEnd + 1)
      readFlags(data, at + 2, reply)
      // a line with flags of which none is a token has lost it, and belongs to nobody
      if (reply.opaque === undefined && lineEnd !== at + BARE_LINE_END) reply.opaque = NaN
    }
    return 0
  },

  belongs(reply, command, opaque) {
    if (!answers(reply, command)) return false
    if (reply.opaque !== undefined) return reply.opaque === opaque
    switch (reply.status) {
      // refusals carry no token
      case 'error':
      case 'too-large':
        return true
      // a miss carries none before 1.6.18
      case 'not-found':
        return true
      default:
        return command.verb === 'flush' || command.verb === 'stats' || command.verb === 'version'
    }
  },
}

function writeGet(command: GetCommand, opaque: number, out: Buffer, at: number): number {
  const { key, withCas, withTtl, exptime } = command
  let end = writeString(key, out, writeString('mg ', out, at))
  end = writeString(withCas ? ' v f c' : ' v f', out, end)
  if (withTtl === true) end = writeString(' t', out, end)
  if (exptime !== undefined) end = writeNumber(exptime, out, writeString(' T', out, end))
  return writeOpaque(opaque, out, end)
}

const MODE = { set: '', add: ' ME', replace: ' MR', append: ' MA', prepend: ' MP' } as const

/** Writes a store, flags and expiry only where they are not 0, which is what a server takes when they are left out. */
function writeStore(command: StoreCommand, opaque: number, out: Buffer, at: number): number {
  const { verb, key, value, flags, exptime, cas } = command
  let end = writeString(key, out, writeString('ms ', out, at))
  out[end++] = SPACE
  end = writeNumber(value.length, out, end)
  if (flags !== 0) end = writeNumber(flags, out, writeString(' F', out, end))
  if (exptime !== 0) end = writeNumber(exptime, out, writeString(' T', out, end))
  if (cas !== undefined) end = writeString(` C${String(cas)}`, out, end)
  end = writeOpaque(opaque, out, writeString(MODE[verb], out, end))
  end += value.copy(out, end)
  out[end++] = CR
  out[end++] = LF
  return end
}

function writeOpaque(opaque: number, out: Buffer, at: number): number {
  const end = writeNumber(opaque, out, writeString(' O', out, at))
  out[end] = CR
  out[end + 1] = LF
  return end + 2
}

/** The one line that any other command is. */
function line(command: Exclude<Command, GetCommand | StoreCommand>, opaque: number): string {
  switch (command.verb) {
    case 'delete':
      return `md ${command.key} O${String(opaque)}\r\n`
    case 'increment':
      return `ma ${command.key} v D${String(command.delta)} O${String(opaque)}\r\n`
    case 'decrement':
      return `ma ${command.key} v MD D${String(command.delta)} O${String(opaque)}\r\n`
    case 'touch':
      return `mg ${command.key} T${String(command.exptime)} O${String(opaque)}\r\n`
    case 'flush':
      return `flush_all ${String(command.delay)}\r\n`
    case 'stats':
      return command.group === '' ? 'stats\r\n' : `stats ${command.group}\r\n`
    case 'version':
      return 'version\r\n'
  }
}

/** What a two-letter return code says, given as a big-endian number; undefined when it is none. */
function statusOf(code: number): ReplyStatus | undefined {
  switch (code) {
    case 0x4844: // HD
      return 'done'
    case 0x454e: // EN
    case 0x4e46: // NF
      return 'not-found'
    case 0x4e53: // NS
      return 'not-stored'
    case 0x4558: // EX
      return 'exists'
    default:
      return undefined
  }
}

/** Reads the hit that starts at `at`, in one go over its line. */
function readValue(data: Buffer, at: number, reply: Reply): number {
  let length = 0
  let next = at + 3
  for (let digit = data[next]; digit !== undefined && digit >= 0x30 && digit <= 0x39; digit = data[++next])
    length = length * 10 + digit - 0x30
  if (next === at + 3) length = NaN
  reply.reset('value', 0)
  const lineEnd = readFlags(data, next, reply) + 1
  if (data[lineEnd - 1] !== CR || data[lineEnd] !== LF) {
    if (findLineEnd(data, at) < 0) return data.length - at + 1
    throw desynchronised('sent a value whose line makes no sense')
  }
  assertValueLength(length)
  const start = lineEnd + 1
  if (length > reply.maxValueBytes) {
    reply.status = 'oversized'
    reply.end = start
    reply.unreadBytes = length
    return 0
  }
  const end = start + length + 2
  if (data.length < end) return end - at
  if (!isValueEnd(data, end)) throw desynchronised('sent a value of another length than announced')
  reply.end = end
  reply.setValue(data, start, start + length)
  return 0
}

/** Reads the flags that follow a return code, and returns the offset behind them, where the line should end. */
function readFlags(data: Buffer, from: number, reply: Reply): number {
  let at = from
  while (data[at] === SPACE) {
    const name = data[++at]
    // memcached before 1.6.18 puts two spaces in places; a control character ends the flags
    if (name === undefined || name <= SPACE) continue
    const start = ++at
    let number = 0
    for (let token = data[at]; token !== undefined && token > SPACE; token = data[++at])
      number = token >= ZERO && token <= NINE ? number * 10 + token - ZERO : NaN
    if (name === OPAQUE) reply.opaque = number
    else if (name === FLAGS) reply.flags = assertFlags(number)
    else if (name === TTL) reply.ttl = data[start] === MINUS ? Infinity : number
    // a number that is cut off at the end of what was received is none yet
    else if (name === CAS && at < data.length) reply.cas = readCas(data.toString('latin1', start, at))
  }
  return at
}

function readCas(digits: string): bigint {
  if (!/^\d{1,20}$/.test(digits)) throw desynchronised('sent a CAS unique that is no number')
  return BigInt(digits)
}
