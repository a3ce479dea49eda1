import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, key, uint32, uint64 } from '../../test/protocol/commands.ts'
import { binary } from './binary.ts'
import { meta } from './meta.ts'
import type { Protocol } from './protocol.ts'
import { ReplyReader } from './reply-reader.ts'
import { text } from './text.ts'

/** Values that are longer than a join, and than half a slab. */
const long = fc.integer({ min: 3_000, max: 20_000 }).map((length) => Buffer.alloc(length, 'long '))
/** Values that look like what stands around them. */
const sly = fc
  .constantFrom('\r\n', 'END\r\n', '\r\nEND\r\n', 'HD O1\r\n', 'VA 2\r\n', '\r')
  .map((each) => Buffer.from(each))
const value = fc.oneof(
  { weight: 8, arbitrary: bytes },
  { weight: 2, arbitrary: sly },
  { weight: 1, arbitrary: long },
)

/** A reply as it is to be read; the value and the key as latin1 text. */
interface Said {
  readonly status: string
  readonly opaque?: number | undefined
  readonly key?: string | undefined
  readonly flags?: number
  readonly cas?: bigint | undefined
  readonly message?: string
  readonly value?: string | undefined
}

/** A reply on the wire, and what it says. */
type Sent = readonly [Buffer, Said]

const line = (head: string, body: Buffer, tail: string): Buffer =>
  Buffer.concat([Buffer.from(head), body, Buffer.from(tail)])
const latin1 = (bytes: Buffer): string => bytes.toString('latin1')

/** Lines that classic text and meta share. */
const plain: fc.Arbitrary<Sent> = fc
  .constantFrom<[string, Said]>(
    ['OK\r\n', { status: 'done' }],
    ['STAT a b c\r\n', { status: 'stat', message: 'a b c' }],
    ['END\r\n', { status: 'end' }],
    ['VERSION 1.6.18\r\n', { status: 'version', message: '1.6.18' }],
    ['ERROR\r\n', { status: 'error', message: 'ERROR' }],
    ['SERVER_ERROR out of memory\r\n', { status: 'error', message: 'SERVER_ERROR out of memory' }],
    [
      'SERVER_ERROR object too large for cache\r\n',
      { status: 'too-large', message: 'SERVER_ERROR object too large for cache' },
    ],
  )
  .map(([wire, said]) => [Buffer.from(wire), said])

const META: fc.Arbitrary<Sent> = fc.oneof(
  plain,
  fc
    .record({ value, opaque: uint32, flags: uint32, cas: fc.option(uint64, { nil: undefined }) })
    .map(({ value: body, opaque, flags, cas }): Sent => {
      const unique = cas === undefined ? '' : ` c${String(cas)}`
      const head = `VA ${String(body.length)} f${String(flags)}${unique} O${String(opaque)}\r\n`
      return [line(head, body, '\r\n'), { status: 'value', opaque, flags, cas, value: latin1(body) }]
    }),
  fc
    .tuple(
      fc.constantFrom(
        ['HD', 'done'],
        ['EN', 'not-found'],
        ['NF', 'not-found'],
        ['NS', 'not-stored'],
        ['EX', 'exists'],
      ),
      fc.option(uint32, { nil: undefined }),
      fc.constantFrom(' ', '  '),
    )
    .map(([[code = '', status = ''], opaque, space]): Sent => {
      const token = opaque === undefined ? '' : `${space}O${String(opaque)}`
      return [Buffer.from(`${code}${token}\r\n`), { status, opaque }]
    }),
)

const TEXT: fc.Arbitrary<Sent> = fc.oneof(
  plain,
  fc
    .record({ key, value, flags: uint32, cas: fc.option(uint64, { nil: undefined }) })
    .map(({ key: name, value: body, flags, cas }): Sent => {
      const unique = cas === undefined ? '' : ` ${String(cas)}`
      const head = `VALUE ${name} ${String(flags)} ${String(body.length)}${unique}\r\n`
      const said = { status: 'value', key: latin1(Buffer.from(name)), flags, cas, value: latin1(body) }
      return [line(head, body, '\r\nEND\r\n'), said]
    }),
  uint64.map((count): Sent => [
    Buffer.from(`${String(count)}\r\n`),
    { status: 'value', value: String(count) },
  ]),
  fc
    .constantFrom<[string, Said]>(
      ['STORED\r\n', { status: 'done' }],
      ['NOT_STORED\r\n', { status: 'not-stored' }],
      ['EXISTS\r\n', { status: 'exists' }],
      ['NOT_FOUND\r\n', { status: 'not-found' }],
      // the empty line of memcached 1.6.45, which its next reply follows
      ['\r\nDELETED\r\n', { status: 'done' }],
    )
    .map(([wire, said]): Sent => [Buffer.from(wire), said]),
)

const OPCODE = { get: 0x00, set: 0x01, increment: 0x05, version: 0x0b, stats: 0x10 }
const STATUSES = [
  [0x01, 'not-found'],
  [0x02, 'exists'],
  [0x03, 'too-large'],
  [0x05, 'not-stored'],
  [0x06, 'error'],
  [0x81, 'error'],
] as const

function frame(
  opcode: number,
  opaque: number,
  parts: { status?: number; cas?: bigint; extras?: Buffer; key?: Buffer; body?: Buffer },
): Buffer {
  const {
    status = 0,
    cas = 0n,
    extras = Buffer.alloc(0),
    key: name = Buffer.alloc(0),
    body = Buffer.alloc(0),
  } = parts
  const head = Buffer.alloc(24)
  head[0] = 0x81
  head[1] = opcode
  head.writeUInt16BE(name.length, 2)
  head[4] = extras.length
  head.writeUInt16BE(status, 6)
  head.writeUInt32BE(extras.length + name.length + body.length, 8)
  head.writeUInt32BE(opaque, 12)
  head.writeBigUInt64BE(cas, 16)
  return Buffer.concat([head, extras, name, body])
}

function wide(number: bigint | number): Buffer {
  const out = Buffer.alloc(typeof number === 'bigint' ? 8 : 4)
  if (typeof number === 'bigint') out.writeBigUInt64BE(number)
  else out.writeUInt32BE(number)
  return out
}

const BINARY: fc.Arbitrary<Sent> = fc.oneof(
  fc
    .record({ value, opaque: uint32, flags: uint32, cas: uint64 })
    .map(({ value: body, opaque, flags, cas }): Sent => [
      frame(OPCODE.get, opaque, { extras: wide(flags), cas, body }),
      { status: 'value', opaque, flags, cas, value: latin1(body) },
    ]),
  fc
    .tuple(uint32, uint64)
    .map(([opaque, count]): Sent => [
      frame(OPCODE.increment, opaque, { body: wide(count) }),
      { status: 'value', opaque, value: String(count) },
    ]),
  fc
    .tuple(uint32, fc.constantFrom(...STATUSES), fc.constantFrom(OPCODE.get, OPCODE.set, OPCODE.increment))
    .map(([opaque, [status, said], opcode]): Sent => [
      frame(opcode, opaque, { status, body: Buffer.from('said') }),
      { status: said, opaque, message: said === 'error' ? 'said' : '' },
    ]),
  uint32.map((opaque): Sent => [frame(OPCODE.set, opaque, { cas: 5n }), { status: 'done', opaque }]),
  uint32.map((opaque): Sent => [
    frame(OPCODE.stats, opaque, { key: Buffer.from('pid'), body: Buffer.from('12') }),
    { status: 'stat', opaque, message: 'pid 12' },
  ]),
  uint32.map((opaque): Sent => [
    frame(OPCODE.version, opaque, { body: Buffer.from('1.6.18') }),
    { status: 'version', opaque, message: '1.6.18' },
  ]),
)

/** Replies that a server may send, of each protocol. */
const REPLIES: readonly (readonly [string, Protocol, fc.Arbitrary<Sent>])[] = [
  ['meta', meta, META],
  ['text', text, TEXT],
  ['binary', binary, BINARY],
]

/** What a reader makes of chunks: values that are copied at once, and copies that the reply makes itself. */
function readAll(protocol: Protocol, chunks: readonly Buffer[]): Said[] {
  const replies: Said[] = []
  const own: (Buffer | undefined)[] = []
  const reader = new ReplyReader(protocol, (reply) => {
    const { status, opaque, flags, cas, message } = reply
    const [name, body] = [reply.key && latin1(reply.key), reply.value && latin1(reply.value)]
    replies.push({ status, opaque, key: name, flags, cas, message, value: body })
    own.push(reply.ownValue())
  })
  const received = chunks.map((chunk) => Buffer.from(chunk))
  for (const chunk of received) reader.push(chunk)
  // what is copied outlives what was received
  for (const chunk of received) chunk.fill(0)
  expect(own.map((copy) => copy && latin1(copy))).toEqual(replies.map((reply) => reply.value))
  return replies
}

/** The same with all that a reply says when it says nothing of it. */
function complete(said: Said): Said {
  return {
    opaque: undefined,
    key: undefined,
    flags: 0,
    cas: undefined,
    message: '',
    value: undefined,
    ...said,
  }
}

/** Cuts bytes at places that are given as fractions. */
function cut(data: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => Math.floor(place * data.length)).toSorted((a, b) => a - b)
  return [...ends, data.length].map((end, index) => data.subarray(ends[index - 1] ?? 0, end))
}

const each = (data: Buffer): Buffer[] => Array.from(data, (byte) => Buffer.of(byte))

describe.each(REPLIES)('replies in %s', (_, protocol, reply) => {
  const replies = fc.array(reply, { minLength: 1, maxLength: 12 })
  const expected = (sent: readonly Sent[]): Said[] => sent.map(([, said]) => complete(said))

  it('are what was sent, however the bytes are cut', () => {
    const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(replies, places, (sent, cuts) => {
        const data = Buffer.concat(sent.map(([wire]) => wire))
        expect(readAll(protocol, [data])).toEqual(expected(sent))
        expect(readAll(protocol, cut(data, cuts))).toEqual(expected(sent))
      }),
      { numRuns: 300 },
    )
  })

  it('are what was sent, byte by byte', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 4 }), (sent) => {
        const data = Buffer.concat(sent.map(([wire]) => wire))
        expect(readAll(protocol, each(data))).toEqual(expected(sent))
      }),
      { numRuns: 30 },
    )
  })

  it('are what was sent, one to a chunk and all but their last byte', () => {
    fc.assert(
      fc.property(replies, (sent) => {
        const chunks = sent.flatMap(([wire]) => [wire.subarray(0, -1), wire.subarray(-1)])
        expect(readAll(protocol, chunks)).toEqual(expected(sent))
        const half = readAll(protocol, chunks.slice(0, -1))
        expect(half).toEqual(expected(sent.slice(0, -1)))
      }),
      { numRuns: 100 },
    )
  })

  it('of garbage are the same byte by byte, and end in a protocol error at worst', () => {
    const shreds = fc
      .constantFrom(
        ...[
          'VA ',
          'VA 1',
          'HD',
          'EN',
          ' O7',
          ' f1',
          ' c2',
          ' ',
          '1',
          '99999',
          '-',
          'VALUE ',
          'k',
          'x\r\n',
          'END\r\n',
        ],
        ...['\r\n', '\r', '\n', 'STAT ', 'ERROR', '\x81', '\x81\0\0\0\0\0\0\0\0\0\0\0', '\0\0\0\0'],
      )
      .map((shred) => Buffer.from(shred, 'latin1'))
    const wires = fc.oneof(
      shreds,
      bytes,
      reply.map(([wire]) => wire.subarray(0, 200)),
    )
    const readable = (chunks: readonly Buffer[]): unknown[] => {
      const seen: unknown[] = []
      const reader = new ReplyReader(protocol, ({ status, opaque, flags, cas, message, value: view }) => {
        seen.push([status, opaque, flags, cas, message, view && latin1(view)])
      })
      try {
        for (const chunk of chunks) reader.push(chunk)
      } catch (error) {
        expect(error).toMatchObject({ name: 'MemkeepError', code: 'ERR_MEMKEEP_PROTOCOL' })
        seen.push('refused')
      }
      return seen
    }
    fc.assert(
      fc.property(fc.array(wires, { maxLength: 8 }), (parts) => {
        const data = Buffer.concat(parts)
        expect(readable(each(data))).toEqual(readable([data]))
      }),
      { numRuns: 1_000 },
    )
  })

  it('are handed out as soon as they are whole', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 3 }), (sent) => {
        let count = 0
        const reader = new ReplyReader(protocol, () => count++)
        for (const [index, [wire]] of sent.entries()) {
          reader.push(wire)
          expect(count).toBe(index + 1)
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('a reply that its taker refuses', () => {
  it('ends the reading with what the taker throws', () => {
    const seen: string[] = []
    const reader = new ReplyReader(meta, ({ status }) => {
      seen.push(status)
      throw new Error('not mine')
    })
    expect(() => {
      reader.push(Buffer.from('HD O1\r\nHD O2\r\n'))
    }).toThrow('not mine')
    expect(seen).toEqual(['done'])
  })
})
