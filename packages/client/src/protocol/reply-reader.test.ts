import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meta } from './meta.ts'
import { ReplyReader } from './reply-reader.ts'

const STREAM = Buffer.from(
  `HD O1\r\nVA 5 f0 O2\r\nhello\r\nEN O3\r\nVA 300 f9 O4\r\n${'z'.repeat(300)}\r\nSERVER_ERROR out of memory\r\nNF O6\r\n`,
)

function replies(chunks: readonly Buffer[]): readonly unknown[] {
  const seen: unknown[] = []
  const reader = new ReplyReader(meta, ({ status, opaque, value, flags, message }) => {
    seen.push({ status, opaque, value: value?.toString(), flags, message })
  })
  for (const chunk of chunks) reader.push(chunk)
  return seen
}

describe('ReplyReader', () => {
  const whole = replies([STREAM])

  it('reads several replies of one chunk', () => {
    expect(whole).toHaveLength(6)
  })

  it('reads the same byte by byte', () => {
    expect(replies([...STREAM].map((byte) => Buffer.of(byte)))).toEqual(whole)
  })

  it('reads the same in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length })), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length]
        const pieces = at.slice(1).map((end, index) => STREAM.subarray(at[index], end))
        expect(replies(pieces)).toEqual(whole)
      }),
    )
  })
})
