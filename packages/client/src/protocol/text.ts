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

/** Bytes of a command beside key and value: verb and numbers at their longest. */
const OVERHEAD_BYTES = 96
/** What follows a value that was found: its own line end, and the one line that ends the answer. */
const AFTER_VALUE = '\r\nEND\r\n'

const CR = 0x0d
const LF = 0x0a

/**
 * memcached's classic text protocol (`protocol.txt`), for servers and proxies without meta commands. Nothing carries
 * a token: a reply belongs to the oldest request, and of a value that was found the key is compared.
 */
export const text: Protocol = {
  name: 'text',
  trailerBytes: 2,
  afterValue: AFTER_VALUE,

  bound: (command) => OVERHEAD_BYTES + payloadBound(command),

  write(command, _opaque, out, at) {
    let end = at + out.write(head(command), at)
    if ('value' in command) {
      end += command.value.copy(out, end)
      out[end++] = CR
      out[end++] = LF
    }
    return end
  },

  read(data, from, reply) {
    // memcached 1.6.45 follows some refusals by an empty line
    const at = data[from] === CR && data[from + 1] === LF ? from + 2 : from
    const lineEnd = findLineEnd(data, at)
    if (lineEnd < 0) return data.length - from + 1
    const line = data.toString('latin1', at, lineEnd - 1)
    const status = STATUS.get(line)
    if (status !== undefined) reply.reset(status, lineEnd + 1)
    else if (line.startsWith('VALUE ')) return readValue(data, { from, at, lineEnd }, line, reply)
    else if (/^\d{1,20} *$/.test(line)) {
      reply.reset('value', lineEnd + 1)
      reply.setValue(data, at, at + line.trimEnd().length)
    } else readPlainLine(line, lineEnd + 1, reply)
    return 0
  },

  belongs(reply, command) {
    if (!answers(reply, command)) return false
    if (reply.status !== 'value' && reply.status !== 'oversized') return true
    if (command.verb !== 'get') return reply.key === undefined
    return reply.key?.equals(Buffer.from(command.key)) === true
  },
}

function head(command: Command): string {
  switch (command.verb) {
    case 'get':
      return getHead(command)
    case 'delete':
      return `delete ${command.key}\r\n`
    case 'increment':
      return `incr ${command.key} ${String(command.delta)}\r\n`
    case 'decrement':
      return `decr ${command.key} ${String(command.delta)}\r\n`
    case 'touch':
      return `touch ${command.key} ${String(command.exptime)}\r\n`
    case 'flush':
      return `flush_all ${String(command.delay)}\r\n`
    case 'stats':
      return command.group === '' ? 'stats\r\n' : `stats ${command.group}\r\n`
    case 'version':
      return 'version\r\n'
    default:
      return storeHead(command)
  }
}

function getHead({ key, withCas, exptime }: GetCommand): string {
  if (exptime === undefined) return `${withCas ? 'gets' : 'get'} ${key}\r\n`
  return `${withCas ? 'gats' : 'gat'} ${String(exptime)} ${key}\r\n`
}

function storeHead({ verb, key, value, flags, exptime, cas }: StoreCommand): string {
  const numbers = `${String(flags)} ${String(exptime)} ${String(value.length)}`
  return cas === undefined ? `${verb} ${key} ${numbers}\r\n` : `cas ${key} ${numbers} ${String(cas)}\r\n`
}

const STATUS: ReadonlyMap<string, ReplyStatus> = new Map([
  ['STORED', 'done'],
  ['NOT_STORED', 'not-stored'],
  ['EXISTS', 'exists'],
  ['NOT_FOUND', 'not-found'],
  ['DELETED', 'done'],
  ['TOUCHED', 'done'],
])

/** Where a value's line stands. */
interface Position {
  readonly from: number
  readonly at: number
  readonly lineEnd: number
}

/** Reads `VALUE <key> <flags> <bytes> [<cas unique>]`, the value and the `END` behind it: one key was asked for. */
function readValue(data: Buffer, { from, at, lineEnd }: Position, line: string, reply: Reply): number {
  // the bytes of a key as latin1 may have a no-break space in them, which \S does not match
  const match = /^VALUE ([^ ]+) (\d{1,10}) (\d+)(?: (\d{1,20}))?$/.exec(line)
  if (match === null) throw desynchronised('sent a value without a length')
  const [, key = '', flags, bytes, cas] = match
  const length = Number(bytes)
  assertValueLength(length)
  const start = lineEnd + 1
  const end = start + length + AFTER_VALUE.length
  const keyAt = at + 'VALUE '.length
  if (length > reply.maxValueBytes) {
    reply.reset('oversized', start)
    reply.key = data.subarray(keyAt, keyAt + key.length)
    reply.unreadBytes = length
    return 0
  }
  if (data.length < end) return end - from
  if (!isValueEnd(data, start + length + 2) || data.toString('latin1', start + length, end) !== AFTER_VALUE) {
    throw desynchronised('sent a value of another length than announced')
  }
  reply.reset('value', end)
  reply.key = data.subarray(keyAt, keyAt + key.length)
  reply.flags = assertFlags(Number(flags))
  reply.cas = cas === undefined ? undefined : BigInt(cas)
  reply.setValue(data, start, start + length)
  return 0
}
