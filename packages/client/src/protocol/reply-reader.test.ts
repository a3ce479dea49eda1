import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binary } from './binary.ts'
import type { Command } from './command.ts'
import { meta } from './meta.ts'
import type { Protocol } from './protocol.ts'
import { ReplyReader } from './reply-reader.ts'
import { text } from './text.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
/** Values that are longer than a join, and than half a slab. */
const long = fc.integer({ min: 3_000, max: 20_000 }).map((length) => Buffer.alloc(length, 'long '))
const value = fc.oneof({ weight: 9, arbitrary: bytes }, { weight: 1, arbitrary: long })
const token = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(String)

const line = (head: string, body: Buffer, tail: string): Buffer =>
  Buffer.concat([Buffer.from(head), body, Buffer.from(tail)])

/** Replies that a server may send, of each protocol. */
const REPLIES: Readonly<Record<string, [Protocol, fc.Arbitrary<Buffer>]>> = {
  meta: [
    meta,
    fc.oneof(
      fc
        .tuple(value, token)
        .map(([body, opaque]) => line(`VA ${String(body.length)} f3 c9 O${opaque}\r\n`, body, '\r\n')),
      fc
        .tuple(fc.constantFrom('HD', 'EN', 'NF', 'NS', 'EX'), token)
        .map(([code, opaque]) => Buffer.from(`${code} O${opaque}\r\n`)),
      fc
        .constantFrom('OK\r\n', 'STAT a b\r\n', 'END\r\n', 'VERSION 1\r\n', 'SERVER_ERROR x\r\n')
        .map((plain) => Buffer.from(plain)),
    ),
  ],
  text: [
    text,
    fc.oneof(
      value.map((body) => line(`VALUE k 3 ${String(body.length)}\r\n`, body, '\r\nEND\r\n')),
      fc
        .constantFrom('END\r\n', 'STORED\r\n', '12\r\n', 'ERROR\r\n\r\nSTORED\r\n', 'STAT a b\r\n')
        .map((plain) => Buffer.from(plain)),
    ),
  ],
  binary: [
    binary,
    fc
      .tuple(value, fc.constantFrom(0, 1, 3, 0x20), fc.constantFrom(0x00, 0x01, 0x10))
      .map(([body, status, opcode]) => {
        const head = Buffer.alloc(28)
        head[0] = 0x81
        head[1] = opcode
        head[4] = 4
        head.writeUInt16BE(status, 6)
        head.writeUInt32BE(4 + body.length, 8)
        return Buffer.concat([head, body])
      }),
  ],
}

/** What a reader makes of chunks; values that are copied at once, and copies that the reply makes itself. */
function readAll(protocol: Protocol, chunks: readonly Buffer[]): unknown[] {
  const replies: unknown[] = []
  const own: (Buffer | undefined)[] = []
  const reader = new ReplyReader(protocol, (reply) => {
    const { status, opaque, flags, cas, message } = reply
    replies.push({ status, opaque, flags, cas, message, value: reply.value && Buffer.from(reply.value) })
    own.push(reply.ownValue())
  })
  const received = chunks.map((chunk) => Buffer.from(chunk))
  for (const chunk of received) reader.push(chunk)
  // what is copied outlives what was received
  for (const chunk of received) chunk.fill(0)
  for (const [index, reply] of replies.entries()) {
    expect(own[index]).toEqual((reply as { value: Buffer | undefined }).value)
  }
  return replies
}

/** Cuts bytes at places that are given as fractions. */
function cut(data: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => Math.floor(place * data.length)).toSorted((a, b) => a - b)
  return [...ends, data.length].map((end, index) => data.subarray(ends[index - 1] ?? 0, end))
}

describe.each(Object.entries(REPLIES))('replies in %s', (_, [protocol, reply]) => {
  it('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(reply, { minLength: 1, maxLength: 12 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (replies, places) => {
          const data = Buffer.concat(replies)
          const whole = readAll(protocol, [data])
          expect(whole.length).toBeGreaterThanOrEqual(replies.length)
          expect(readAll(protocol, cut(data, places))).toEqual(whole)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are the same byte by byte', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 4 }), (replies) => {
        const data = Buffer.concat(replies)
        expect(
          readAll(
            protocol,
            Array.from(data, (byte) => Buffer.of(byte)),
          ),
        ).toEqual(readAll(protocol, [data]))
      }),
      { numRuns: 30 },
    )
  })

  it('of garbage end in a protocol error at worst', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, reply), { maxLength: 5 }), (chunks) => {
        const reader = new ReplyReader(protocol, () => undefined)
        try {
          for (const chunk of chunks) reader.push(chunk)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_MEMKEEP_PROTOCOL' })
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a value that is announced and does not come', () => {
  const GIB = 1024 ** 3
  const head = Buffer.alloc(24)
  head[0] = 0x81
  head.writeUInt32BE(GIB - 24, 8)
  it.each<[string, Protocol, Buffer]>([
    ['meta', meta, Buffer.from(`VA ${String(GIB)} O1\r\n`)],
    ['text', text, Buffer.from(`VALUE k 0 ${String(GIB)}\r\n`)],
    ['binary', binary, head],
  ])('takes no memory (%s)', (_, protocol, announcement) => {
    const before = process.memoryUsage().arrayBuffers
    const reader = new ReplyReader(protocol, () => undefined)
    reader.push(announcement)
    for (let chunk = 0; chunk < 100; chunk++) reader.push(Buffer.alloc(1_000))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 ** 2)
  })
})

describe('the bound of a command', () => {
  const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  const exptime = fc.integer({ min: 0, max: 2 ** 31 - 1 })
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({
      verb: fc.constant('get' as const),
      key,
      withCas: fc.boolean(),
      exptime: fc.option(exptime, { nil: undefined }),
    }),
    fc.record({
      verb: fc.constantFrom(
        'set' as const,
        'add' as const,
        'replace' as const,
        'append' as const,
        'prepend' as const,
      ),
      key,
      value: bytes,
      flags: uint32,
      exptime,
      cas: fc.option(uint64, { nil: undefined }),
    }),
    fc.record({ verb: fc.constantFrom('increment' as const, 'decrement' as const), key, delta: uint64 }),
    fc.record({ verb: fc.constant('delete' as const), key }),
    fc.record({ verb: fc.constant('touch' as const), key, exptime }),
    fc.record({ verb: fc.constant('flush' as const), delay: uint32 }),
    fc.record({
      verb: fc.constant('stats' as const),
      group: fc.constantFrom('', 'settings', 'x'.repeat(32)),
    }),
  )
  it.each([meta, text, binary])('of $name is never less than what it takes', (protocol) => {
    fc.assert(
      fc.property(command, uint32, (each, opaque) => {
        const out = Buffer.alloc(protocol.bound(each) + 100)
        expect(protocol.write(each, opaque, out, 0)).toBeLessThanOrEqual(protocol.bound(each))
      }),
    )
  })
})
