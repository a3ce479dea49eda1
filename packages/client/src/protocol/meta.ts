import { payloadBound, type Command, type GetCommand, type StoreCommand } from './command.ts'
import { digitsEnd, findLineEnd, isValueEnd, readDigits, readPlainLine } from './line.ts'
import type { Protocol } from './protocol.ts'
import { answers, assertValueLength, desynchronised, type Reply, type ReplyStatus } from './reply.ts'

/** Bytes of a command beside key and value: verb, flags and numbers at their longest. */
const OVERHEAD_BYTES = 112

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const CAS = 0x63 // c
const OPAQUE = 0x4f // O
const FLAGS = 0x66 // f

/**
 * The meta commands of memcached's text family (`protocol.txt`, "Meta Commands"), in the form that they have since
 * 1.6.10; each carries an opaque token. What has no meta command (`flush_all`, `stats`, `version`) is classic text.
 */
export const meta: Protocol = {
  name: 'meta',

  bound: (command) => OVERHEAD_BYTES + payloadBound(command),

  write(command, opaque, out, at) {
    let end = at + out.write(head(command, opaque), at)
    if ('value' in command) {
      end += command.value.copy(out, end)
      out[end++] = CR
      out[end++] = LF
    }
    return end
  },

  read(data, at, reply) {
    const lineEnd = findLineEnd(data, at)
    if (lineEnd < 0) return data.length - at + 1
    if (lineEnd - at < 3) throw desynchronised('sent a line that is no reply')
    const third = data[at + 2]
    const status = third === SPACE || third === CR ? STATUS[data.readUInt16BE(at)] : undefined
    if (status === 'value') return readValue(data, at, lineEnd, reply)
    if (status === undefined) readPlainLine(data.toString('latin1', at, lineEnd - 1), lineEnd + 1, reply)
    else {
      reply.reset(status, lineEnd + 1)
      readFlags(data, at + 2, reply)
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

const MODE = { set: '', add: ' ME', replace: ' MR', append: ' MA', prepend: ' MP' } as const

function head(command: Command, opaque: number): string {
  switch (command.verb) {
    case 'get':
      return `mg ${command.key} v f${getFlags(command)} O${String(opaque)}\r\n`
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
    default:
      return storeHead(command, opaque)
  }
}

function getFlags({ withCas, exptime }: GetCommand): string {
  const touch = exptime === undefined ? '' : ` T${String(exptime)}`
  return withCas ? ` c${touch}` : touch
}

function storeHead({ verb, key, value, flags, exptime, cas }: StoreCommand, opaque: number): string {
  const compare = cas === undefined ? '' : ` C${String(cas)}`
  return `ms ${key} ${String(value.length)} F${String(flags)} T${String(exptime)}${compare}${MODE[verb]} O${String(opaque)}\r\n`
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

function readValue(data: Buffer, at: number, lineEnd: number, reply: Reply): number {
  const length = readDigits(data, at + 3)
  assertValueLength(length)
  const flags = digitsEnd(data, at + 3)
  if (data[flags] !== SPACE && data[flags] !== CR) throw desynchronised('sent a value without a length')
  const start = lineEnd + 1
  const end = start + length + 2
  if (data.length < end) return end - at
  if (!isValueEnd(data, end)) throw desynchronised('sent a value of another length than announced')
  reply.reset('value', end)
  readFlags(data, flags, reply)
  reply.value = data.subarray(start, start + length)
  return 0
}

/** Reads the flags that follow a return code, up to the end of the line. */
function readFlags(data: Buffer, from: number, reply: Reply): void {
  let at = from
  while (data[at] === SPACE) {
    // memcached before 1.6.18 puts two spaces in places
    if (data[at + 1] === SPACE) {
      at++
      continue
    }
    const name = data[++at]
    const start = ++at
    let number = 0
    for (let token = data[at]; token !== undefined && token !== SPACE && token !== CR; token = data[++at])
      number = number * 10 + token - 0x30
    if (name === OPAQUE) reply.opaque = number
    else if (name === FLAGS) reply.flags = number
    else if (name === CAS) reply.cas = readCas(data.toString('latin1', start, at))
  }
}

function readCas(digits: string): bigint {
  if (!/^\d{1,20}$/.test(digits)) throw desynchronised('sent a CAS unique that is no number')
  return BigInt(digits)
}
