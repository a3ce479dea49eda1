import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binary } from './binary.ts'
import { meta } from './meta.ts'
import type { Protocol } from './protocol.ts'
import { ReplyReader } from './reply-reader.ts'
import { text } from './text.ts'

const LIMIT = 100

/** A reply to a get that found a value, up to the value. */
const HEADS: readonly (readonly [string, Protocol, (bytes: number) => Buffer])[] = [
  ['meta', meta, (bytes) => Buffer.from(`VA ${String(bytes)} f7 O3\r\n`)],
  ['text', text, (bytes) => Buffer.from(`VALUE k 7 ${String(bytes)}\r\n`)],
  ['binary', binary, binaryHead],
]

function binaryHead(bytes: number): Buffer {
  const head = Buffer.alloc(28)
  head[0] = 0x81
  head[4] = 4
  head.writeUInt32BE(bytes + 4, 8)
  head.writeUInt32BE(3, 12)
  head.writeUInt32BE(7, 24)
  return head
}

describe.each(HEADS)('a value over the limit, in %s', (_, protocol, head) => {
  const wireOf = (bytes: number): Buffer =>
    Buffer.concat([head(bytes), Buffer.alloc(bytes, '\r\nEND\r\nHD O1'), Buffer.from(protocol.afterValue)])

  function read(chunks: readonly Buffer[]): number[] {
    const lengths: number[] = []
    const reader = new ReplyReader(
      protocol,
      (reply) => {
        lengths.push(reply.status === 'oversized' ? -reply.unreadBytes : (reply.value?.length ?? NaN))
      },
      LIMIT,
    )
    for (const chunk of chunks) reader.push(chunk)
    return lengths
  }

  it('is told by its length, and what follows is read, however the bytes are cut', () => {
    const lengths = fc.array(fc.oneof(fc.nat({ max: LIMIT }), fc.integer({ min: LIMIT + 1, max: 9_000 })), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(lengths, fc.array(fc.nat({ max: 9_999 })), (sent, places) => {
        const wire = Buffer.concat(sent.map(wireOf))
        const cuts = [0, ...places.filter((place) => place < wire.length), wire.length].toSorted(
          (a, b) => a - b,
        )
        const chunks = cuts.slice(1).map((end, index) => wire.subarray(cuts[index], end))
        const expected = sent.map((bytes) => (bytes > LIMIT ? -bytes : bytes))
        expect(read([wire])).toEqual(expected)
        expect(read(chunks)).toEqual(expected)
      }),
      { numRuns: 200 },
    )
    const small = Buffer.concat([wireOf(LIMIT + 1), wireOf(LIMIT)])
    expect(read(Array.from(small, (byte) => Buffer.of(byte)))).toEqual([-LIMIT - 1, LIMIT])
  })

  it('is told before its bytes come', () => {
    expect(read([head(LIMIT)])).toEqual([])
    expect(read([head(1_000_000_000)])).toEqual([-1_000_000_000])
  })

  it('of another length than announced ends the connection, where its end can be told', () => {
    if (protocol.afterValue === '') return
    const wire = wireOf(LIMIT + 50)
    wire[wire.length - 1] = 0x20
    const refused = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error
    expect(() => read([wire])).toThrow(refused)
    expect(() => read(Array.from(wire, (byte) => Buffer.of(byte)))).toThrow(refused)
  })
})
