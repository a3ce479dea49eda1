import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, command, EXAMPLES, uint32 } from '../../test/protocol/commands.ts'
import { binary } from './binary.ts'
import type { Command } from './command.ts'
import { meta } from './meta.ts'
import type { Protocol } from './protocol.ts'
import { Reply } from './reply.ts'
import { ReplyReader } from './reply-reader.ts'
import { text } from './text.ts'

type Verb = Command['verb']

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error
const VERBS = Object.keys(EXAMPLES) as Verb[]
const STORES: readonly Verb[] = ['set', 'add', 'replace', 'append', 'prepend']
const COUNTS: readonly Verb[] = ['increment', 'decrement']
const GIB = 1024 ** 3

/** A response with token 7 and 24 bytes of header that announce so much body. */
function announce(body: number, { opcode = 0, status = 0, extras = 0 } = {}): Buffer {
  const head = Buffer.alloc(24)
  head[0] = 0x81
  head[1] = opcode
  head[4] = extras
  head.writeUInt16BE(status, 6)
  head.writeUInt32BE(body, 8)
  head.writeUInt32BE(7, 12)
  return head
}

function respond(opcode: number, body: string | Buffer = '', status = 0): Buffer {
  const data = Buffer.from(body)
  return Buffer.concat([announce(data.length, { opcode, status }), data])
}

describe.each([meta, text, binary])('a command of $name', (protocol) => {
  it('never takes more bytes than its bound', () => {
    fc.assert(
      fc.property(command, uint32, (each, opaque) => {
        const out = Buffer.alloc(protocol.bound(each) + 2_000)
        expect(protocol.write(each, opaque, out, 0)).toBeLessThanOrEqual(protocol.bound(each))
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the same bytes wherever it is written, and nothing beside them', () => {
    fc.assert(
      fc.property(command, uint32, fc.nat({ max: 5_000 }), (each, opaque, at) => {
        const alone = Buffer.alloc(protocol.bound(each))
        const length = protocol.write(each, opaque, alone, 0)
        const out = Buffer.alloc(at + protocol.bound(each) + 10, '#')
        expect(protocol.write(each, opaque, out, at)).toBe(at + length)
        expect(out.compare(alone, 0, length, at, at + length)).toBe(0)
        expect(out.toString('latin1', 0, at)).toBe('#'.repeat(at))
        expect(out.toString('latin1', at + length)).toBe('#'.repeat(out.length - at - length))
      }),
      { numRuns: 300 },
    )
  })
})

describe('a reply belongs to a command', () => {
  /** What a server may say, and to which commands with token 7 and key `k` that can be the answer. */
  const META: readonly (readonly [string, readonly Verb[]])[] = [
    ['VA 1 O7\r\nx\r\n', ['get', ...COUNTS]],
    ['HD O7\r\n', [...STORES, 'delete', 'touch', 'flush']],
    ['NF O7\r\n', ['get', 'set', 'replace', 'append', 'prepend', 'delete', 'touch', ...COUNTS]],
    ['EN O7\r\n', ['get', 'set', 'replace', 'append', 'prepend', 'delete', 'touch', ...COUNTS]],
    ['EN\r\n', ['get', 'set', 'replace', 'append', 'prepend', 'delete', 'touch', ...COUNTS]],
    ['NS O7\r\n', STORES],
    ['EX O7\r\n', ['set', 'add']],
    ['VA 1 O8\r\nx\r\n', []],
    ['HD O8\r\n', []],
    ['NF O8\r\n', []],
    ['EN O8\r\n', []],
    ['NS O8\r\n', []],
    ['EX O8\r\n', []],
    ['HD O70\r\n', []],
    ['VA 1\r\nx\r\n', []],
    ['VA 1 f7\r\nx\r\n', []],
    ['NS\r\n', []],
    ['EX\r\n', []],
    ['OK\r\n', ['flush']],
    ['STAT pid 1\r\n', ['stats']],
    ['END\r\n', ['stats']],
    ['VERSION 1.6.18\r\n', ['version']],
    ['SERVER_ERROR object too large for cache\r\n', STORES],
    ['SERVER_ERROR out of memory\r\n', VERBS],
    ['CLIENT_ERROR bad command line format\r\n', VERBS],
    ['ERROR\r\n', VERBS],
  ]
  const TEXT: readonly (readonly [string, readonly Verb[]])[] = [
    ['VALUE k 0 1\r\nx\r\nEND\r\n', ['get']],
    ['VALUE kk 0 1\r\nx\r\nEND\r\n', []],
    ['VALUE K 0 1\r\nx\r\nEND\r\n', []],
    ['12\r\n', COUNTS],
    ['END\r\n', ['get', 'stats']],
    ['STORED\r\n', [...STORES, 'delete', 'touch', 'flush']],
    ['NOT_STORED\r\n', STORES],
    ['EXISTS\r\n', ['set', 'add']],
    ['NOT_FOUND\r\n', ['get', 'set', 'replace', 'append', 'prepend', 'delete', 'touch', ...COUNTS]],
    ['STAT pid 1\r\n', ['stats']],
    ['VERSION 1.6.18\r\n', ['version']],
    ['SERVER_ERROR object too large for cache\r\n', STORES],
    ['SERVER_ERROR out of memory\r\n', VERBS],
    ['ERROR\r\n', VERBS],
  ]
  const [GET, SET, COUNT, STAT, VERSION] = [0x00, 0x01, 0x05, 0x10, 0x0b]
  const BINARY: readonly (readonly [string, Buffer, readonly Verb[]])[] = [
    ['a value', respond(GET, 'x'), ['get', ...COUNTS]],
    ['a count', respond(COUNT, Buffer.alloc(8)), ['get', ...COUNTS]],
    ['success', respond(SET), [...STORES, 'delete', 'touch', 'flush']],
    [
      'no such key',
      respond(SET, '', 0x01),
      ['get', 'set', 'replace', 'append', 'prepend', 'delete', 'touch', 'stats', ...COUNTS],
    ],
    ['exists', respond(SET, '', 0x02), ['set', 'add']],
    ['too large', respond(SET, '', 0x03), STORES],
    ['not stored', respond(SET, '', 0x05), STORES],
    ['no number', respond(COUNT, '', 0x06), VERBS],
    ['no rights', respond(GET, '', 0x20), VERBS],
    ['a version', respond(VERSION, '1'), ['version']],
    ['the last statistic', respond(STAT), ['get', 'stats']],
  ]

  it.each<[string, Protocol, Buffer, readonly Verb[]]>([
    ...META.map(([line, verbs]): [string, Protocol, Buffer, readonly Verb[]] => [
      `meta ${JSON.stringify(line)}`,
      meta,
      Buffer.from(line),
      verbs,
    ]),
    ...TEXT.map(([line, verbs]): [string, Protocol, Buffer, readonly Verb[]] => [
      `text ${JSON.stringify(line)}`,
      text,
      Buffer.from(line),
      verbs,
    ]),
    ...BINARY.map(([name, data, verbs]): [string, Protocol, Buffer, readonly Verb[]] => [
      `binary ${name}`,
      binary,
      data,
      verbs,
    ]),
  ])('%s', (_, protocol, data, verbs) => {
    const reply = new Reply()
    expect(protocol.read(data, 0, reply)).toBe(0)
    const taken = VERBS.filter((verb) => protocol.belongs(reply, EXAMPLES[verb], 7))
    expect(taken.toSorted()).toEqual(verbs.toSorted())
  })

  it.each(BINARY)('binary %s with another token belongs to none', (_, data) => {
    const reply = new Reply()
    expect(binary.read(data, 0, reply)).toBe(0)
    expect(VERBS.filter((verb) => binary.belongs(reply, EXAMPLES[verb], 8))).toEqual([])
  })
})

/** Lengths that no value has, as a line says them. */
const NO_LENGTHS = [
  ...['', ' ', '-1', '+5', '1e3', '0x10', '5.0', 'NaN', 'Infinity', 'five', '５'],
  ...[
    String(GIB + 1),
    '2147483648',
    '4294967295',
    '4294967297',
    '18446744073709551617',
    `1${'0'.repeat(30)}`,
  ],
  '9'.repeat(1_000),
]

describe('hostile lengths', () => {
  it.each(NO_LENGTHS)('%j is none of a value', (length) => {
    const lines: readonly (readonly [Protocol, string])[] = [
      [meta, `VA ${length}\r\n`],
      [meta, `VA ${length} O7\r\n`],
      [text, `VALUE k 0 ${length}\r\n`],
      [text, `VALUE k 0 ${length} 5\r\n`],
    ]
    for (const [protocol, line] of lines) {
      for (const value of ['', 'abcde\r\n', 'abcde\r\nEND\r\n']) {
        expect(() => protocol.read(Buffer.from(line + value), 0, new Reply())).toThrow(PROTOCOL)
      }
    }
  })

  it.each([GIB + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])('%i is none of a binary body', (body) => {
    expect(() => binary.read(announce(body), 0, new Reply())).toThrow(PROTOCOL)
  })

  it.each([
    ['extras longer than the body', announce(3, { extras: 4 }), 3],
    ['a key longer than the body', Buffer.concat([announce(3).fill(0xff, 2, 4)]), 3],
    ['key and extras longer than the body', announce(3, { extras: 2 }).fill(2, 3, 4), 3],
  ])('contradict each other: %s', (_, head, body) => {
    expect(() => binary.read(Buffer.concat([head, Buffer.alloc(body)]), 0, new Reply())).toThrow(PROTOCOL)
  })

  it.each<[string, Protocol, Buffer]>([
    ['meta', meta, Buffer.from(`VA ${String(GIB)} O1\r\n`)],
    ['text', text, Buffer.from(`VALUE k 0 ${String(GIB)}\r\n`)],
    ['binary', binary, announce(GIB - 24)],
  ])('that are just possible wait for the value, and take no memory meanwhile (%s)', (_, protocol, head) => {
    expect(protocol.read(head, 0, new Reply())).toBeGreaterThanOrEqual(GIB)
    const { arrayBuffers, external, heapUsed } = process.memoryUsage()
    const readers = Array.from({ length: 20 }, () => {
      const reader = new ReplyReader(protocol, () => {
        throw new Error('There is no reply yet')
      })
      reader.push(head)
      for (let byte = 0; byte < 200; byte++) reader.push(Buffer.of(byte))
      reader.push(Buffer.alloc(10_000))
      return reader
    })
    const after = process.memoryUsage()
    expect(readers).toHaveLength(20)
    expect(after.arrayBuffers - arrayBuffers).toBeLessThan(8 * 1024 ** 2)
    expect(after.external - external).toBeLessThan(8 * 1024 ** 2)
    expect(after.heapUsed - heapUsed).toBeLessThan(32 * 1024 ** 2)
  })
})

describe.each([meta, text, binary])('any bytes, to $name', (protocol) => {
  /** Looks like a reply, and is cut, repeated or stirred. */
  const shreds = fc.constantFrom(
    ...['VA ', 'HD', 'EN', ' O7', ' f1', ' c2', '\r\n', '\r', '\n', ' ', '1', '99999', '-', 'VALUE ', 'k'],
    ...['END\r\n', 'STAT ', 'ERROR', 'SERVER_ERROR ', 'STORED', '\0', '\x81', '\x81\0\0\0\0\0\0\0\0\0\0\x02'],
    ...['__proto__\r\n', 'constructor\r\n', 'toString\r\n'],
  )
  const garbage = fc
    .array(fc.oneof(shreds, fc.string({ unit: 'binary-ascii', maxLength: 5 })), { maxLength: 30 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'))
  /** A few readable fields in a header, so that its body is not out of reach each time. */
  const frames = fc
    .tuple(fc.nat({ max: 0x1f }), fc.nat({ max: 0x21 }), fc.nat({ max: 40 }), fc.nat({ max: 40 }), bytes)
    .map(([opcode, status, extras, body, rest]) =>
      Buffer.concat([announce(body, { opcode, status, extras }), rest]),
    )

  it('are a reply, or the start of one, or a protocol error', () => {
    fc.assert(
      fc.property(fc.oneof(garbage, frames, bytes), fc.nat({ max: 3 }), (data, from) => {
        const reply = new Reply()
        let at = Math.min(from, data.length)
        while (at < data.length) {
          let needed: number
          try {
            needed = protocol.read(data, at, reply)
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_MEMKEEP_PROTOCOL' })
            return
          }
          if (needed > 0) {
            // to ask for what is there already would be to ask for ever
            expect(needed).toBeGreaterThan(data.length - at)
            return
          }
          expect(reply.end).toBeGreaterThan(at)
          expect(reply.end).toBeLessThanOrEqual(data.length)
          expect(typeof reply.status).toBe('string')
          at = reply.end
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('without an end are refused before they are many', () => {
    for (const filler of ['x', 'HD ', 'VA 1 k', 'VALUE ', 'STAT ', ' ', '1', '\0', '\r']) {
      const reader = new ReplyReader(protocol, () => undefined)
      const chunk = Buffer.from(filler.repeat(3_000).slice(0, 3_000))
      expect(() => {
        for (let more = 0; more < 3; more++) reader.push(chunk)
      }).toThrow(PROTOCOL)
    }
  })
})
