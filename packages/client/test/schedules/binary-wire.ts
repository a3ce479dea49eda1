import type { Asked, Verb, Wire } from './wire.ts'

const HEADER_BYTES = 24
const OPCODE = {
  get: 0x00,
  set: 0x01,
  delete: 0x04,
  increment: 0x05,
  version: 0x0b,
  stats: 0x10,
  question: 0,
  probe: 0,
}
const VERBS = new Map<number | undefined, Verb>([
  [OPCODE.get, 'get'],
  [OPCODE.set, 'set'],
  [OPCODE.delete, 'delete'],
  [OPCODE.increment, 'increment'],
  [OPCODE.version, 'version'],
  [OPCODE.stats, 'stats'],
])
const STATUS = { hit: 0, done: 0, miss: 1, 'too-large': 3, error: 0x85 }

/** How a server speaks the binary protocol. */
export const binaryWire: Wire = {
  name: 'binary',
  hasToken: () => true,

  parse(chunk) {
    const asked: Asked[] = []
    for (let at = 0; at < chunk.length;) {
      const verb = VERBS.get(chunk[at + 1])
      const end = at + HEADER_BYTES + chunk.readUInt32BE(at + 8)
      if (chunk[at] !== 0x80 || verb === undefined || end > chunk.length)
        throw new Error('The client wrote half a command')
      const keyAt = at + HEADER_BYTES + chunk.readUInt8(at + 4)
      const valueAt = keyAt + chunk.readUInt16BE(at + 2)
      asked.push({
        verb,
        classic: false,
        key: verb === 'stats' ? '' : chunk.toString('latin1', keyAt, valueAt),
        opaque: chunk.readUInt32BE(at + 12),
        withCas: verb === 'get',
        value: chunk.toString('latin1', valueAt, end),
      })
      at = end
    }
    return asked
  },

  write(asked, saying) {
    if (asked.verb === 'version') return frame(asked, { value: '1.6.40' })
    if (asked.verb === 'stats')
      return frame(asked, { key: 'item_size_max', value: '1048576' }) + frame(asked, {})
    const status = STATUS[saying.outcome]
    if (status !== 0) return frame(asked, { status, value: saying.outcome })
    if (saying.outcome === 'done') return frame(asked, { cas: saying.cas })
    if (asked.verb === 'increment') return frame(asked, { value: number(BigInt(saying.text), 8) })
    return frame(asked, { extras: number(BigInt(saying.flags), 4), value: saying.text, cas: saying.cas })
  },
}

/** What a response carries. */
interface Parts {
  readonly status?: number
  readonly extras?: string
  readonly key?: string
  readonly value?: string
  readonly cas?: bigint
}

function frame(
  { verb, opaque }: Asked,
  { status = 0, extras = '', key = '', value = '', cas = 0n }: Parts,
): string {
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = 0x81
  header[1] = OPCODE[verb]
  header.writeUInt16BE(key.length, 2)
  header[4] = extras.length
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(extras.length + key.length + value.length, 8)
  header.writeUInt32BE(opaque, 12)
  header.writeBigUInt64BE(cas, 16)
  return header.toString('latin1') + extras + key + value
}

function number(value: bigint, bytes: number): string {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64BE(value)
  return buffer.toString('latin1', 8 - bytes)
}
