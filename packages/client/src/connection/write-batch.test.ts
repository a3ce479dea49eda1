import { MAX_CHUNK_BYTES } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WriteBatch } from './write-batch.ts'

/** Writes commands of the given sizes, each filled with its own number, reserving more than is used. */
function write(batch: WriteBatch, sizes: readonly number[]): void {
  for (const [number, size] of sizes.entries()) {
    const out = batch.reserve(size + 50)
    out.fill(number % 256, batch.at, batch.at + size)
    batch.commit(batch.at + size)
  }
  batch.flush()
  expect(batch.pending).toBe(false)
}

describe('WriteBatch', () => {
  it('gives whole commands only: several up to one record, or one longer alone', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 50_000 })))
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 5 }), (turns) => {
        let chunks: Buffer[] = []
        const batch = new WriteBatch((chunk) => chunks.push(chunk))
        const written = turns.map((turn) => {
          chunks = []
          write(batch, turn)
          return chunks
        })
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

  it('writes a full chunk at once, and what is left when it is told to', () => {
    const chunks: number[] = []
    const batch = new WriteBatch((chunk) => chunks.push(chunk.length))
    batch.flush()
    expect(chunks).toEqual([])
    for (let command = 0; command < 20; command++) {
      batch.reserve(1_000)
      batch.commit(batch.at + 1_000)
    }
    expect(chunks).toEqual([16_000])
    expect(batch.pending).toBe(true)
    batch.flush()
    expect(chunks).toEqual([16_000, 4_000])
    batch.reserve(100_000)
    batch.commit(batch.at + 100_000)
    expect(chunks).toEqual([16_000, 4_000, 100_000])
    expect(batch.pending).toBe(false)
  })
})
