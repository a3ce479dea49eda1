import { MAX_CHUNK_BYTES } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WriteBatch } from './write-batch.ts'

/** Writes commands of the given sizes, each filled with its own number, reserving more than is used. */
function chunksOf(batch: WriteBatch, sizes: readonly number[]): readonly Buffer[] {
  for (const [number, size] of sizes.entries()) {
    const out = batch.reserve(size + 50)
    out.fill(number % 256, batch.at, batch.at + size)
    batch.commit(batch.at + size)
  }
  return batch.take()
}

describe('WriteBatch', () => {
  it('gives whole commands only: several up to one record, or one longer alone', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 50_000 })))
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 5 }), (turns) => {
        const batch = new WriteBatch()
        const written = turns.map((turn) => chunksOf(batch, turn))
        for (const [index, turn] of turns.entries()) {
          const chunks = written[index] ?? []
          const expected = turn.map((size, number) => Buffer.alloc(size, number % 256))
          expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true)
          let next = 0
          for (const chunk of chunks) {
            const first = next
            let bytes = 0
            while (bytes < chunk.length) bytes += turn[next++] ?? NaN
            expect(bytes).toBe(chunk.length)
            expect(chunk.length <= MAX_CHUNK_BYTES || next === first + 1).toBe(true)
          }
        }
      }),
      { numRuns: 50 },
    )
  })

  it('gives nothing when nothing was written', () => {
    expect(new WriteBatch().take()).toEqual([])
  })
})
