import type { Command } from './command.ts'
import type { Protocol } from './protocol.ts'
import { assertValueLength, desynchronised, type Reply, type ReplyStatus } from './reply.ts'

/** Bytes of a command beside key and value: verb, flags and numbers at their longest. */
const OVERHEAD_BYTES = 96
/** The longest line that a memcached answers with, in bytes. */
const MAX_LINE_BYTES = 2048

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const OPAQUE = 0x4f // O
const FLAGS = 0x66 // f

/**
 * The meta commands of memcached's text family (`protocol.txt`, "Meta Commands"), in the form that they have since
 * 1.6.10; each carries an opaque token.
 */
export const meta: Protocol = {
  name: 'meta',

  bound(command) {
    return OVERHEAD_BYTES + command.key.length * 3 + (command.verb === 'set' ? command.value.length : 0)
  },

  write(command, opaque, out, at) {
    let end = at + out.write(head(command, opaque), at)
    if (command.verb === 'set') {
      end += command.value.copy(out, end)
      out[end++] = CR
      out[end++] = LF
    }
    return end
  },

  read(data, at) {
    const lineEnd = data.indexOf(LF, at)
    if (lineEnd < 0) {
      if (data.length - at > MAX_LINE_BYTES) throw desynchronised('sent a line without an end')
      return data.length - at + 1
    }
    if (data[lineEnd - 1] !== CR || lineEnd - at < 3) throw desynchronised('sent a line that is no reply')
    const code = data.readUInt16BE(at)
    const third = data[at + 2]
    const status = third === SPACE || third === CR ? STATUS[code] : undefined
    if (status === undefined) return refusal(data.toString('latin1', at, lineEnd - 1), lineEnd + 1)
    return status === 'value' ? value(data, at, lineEnd) : reply(status, data, at + 2, lineEnd + 1)
  },
}

function head(command: Command, opaque: number): string {
  switch (command.verb) {
    case 'get':
      return `mg ${command.key} v f O${String(opaque)}\r\n`
    case 'set':
      return `ms ${command.key} ${String(command.value.length)} F${String(command.flags)} T${String(command.exptime)} O${String(opaque)}\r\n`
    case 'delete':
      return `md ${command.key} O${String(opaque)}\r\n`
  }
}

/** Two-letter return codes, as big-endian numbers. */
const STATUS: Readonly<Record<number, ReplyStatus>> = {
  0x5641: 'value', // VA
  0x4844: 'done', // HD
  0x454e: 'not-found', // EN
  0x4e46: 'not-found', // NF
  0x4e53: 'not-stored', // NS
  0x4558: 'exists', // EX
}

function value(data: Buffer, at: number, lineEnd: number): Reply | number {
  let length = 0
  let next = at + 3
  for (let digit = data[next]; digit !== undefined && digit >= 0x30 && digit <= 0x39; digit = data[++next]) {
    length = length * 10 + digit - 0x30
  }
  if (next === at + 3 || (data[next] !== SPACE && data[next] !== CR))
    throw desynchronised('sent a value without a length')
  assertValueLength(length)
  const start = lineEnd + 1
  const end = start + length + 2
  if (data.length < end) return end - at
  if (data[end - 2] !== CR || data[end - 1] !== LF)
    throw desynchronised('sent a value of another length than announced')
  return { ...reply('value', data, next, end), value: data.subarray(start, start + length) }
}

/** Reads the flags that follow a return code, up to the end of the line. */
function reply(status: ReplyStatus, data: Buffer, from: number, end: number): Reply {
  let opaque: number | undefined
  let flags = 0
  let at = from
  while (data[at] === SPACE) {
    // memcached before 1.6.18 puts two spaces in places
    if (data[at + 1] === SPACE) {
      at++
      continue
    }
    const name = data[++at]
    let number = 0
    let token = data[++at]
    for (; token !== undefined && token !== SPACE && token !== CR; token = data[++at])
      number = number * 10 + token - 0x30
    if (name === OPAQUE) opaque = number
    else if (name === FLAGS) flags = number
  }
  // a miss carries no token before 1.6.18
  if (opaque === undefined && status !== 'not-found') throw desynchronised('sent a reply without its token')
  return { status, opaque, value: undefined, flags, message: '', end }
}

function refusal(message: string, end: number): Reply {
  // the rest of the value would be read as commands: nothing that follows can be trusted
  if (message === 'CLIENT_ERROR bad data chunk') throw desynchronised('lost the boundary of a value')
  if (!/^(ERROR|CLIENT_ERROR|SERVER_ERROR)\b/.test(message))
    throw desynchronised('sent a line that is no reply')
  const status = message === 'SERVER_ERROR object too large for cache' ? 'too-large' : 'error'
  return { status, opaque: undefined, value: undefined, flags: 0, message, end }
}
