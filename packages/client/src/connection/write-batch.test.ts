import { MAX_CHUNK_BYTES } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { command } from '../../test/protocol/commands.ts'
import { binary } from '../protocol/binary.ts'
import { meta } from '../protocol/meta.ts'
import { text } from '../protocol/text.ts'
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
  it('gives the commands of three protocols as they were written', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(meta, text, binary),
        fc.array(command, { maxLength: 60 }),
        (protocol, all) => {
          const chunks: Buffer[] = []
          const batch = new WriteBatch((chunk) => chunks.push(Buffer.from(chunk)))
          const expected = all.map((each, opaque) => {
            const alone = Buffer.alloc(protocol.bound(each))
            const out = batch.reserve(protocol.bound(each))
            batch.commit(protocol.write(each, opaque, out, batch.at))
            return alone.subarray(0, protocol.write(each, opaque, alone, 0))
          })
          batch.flush()
          expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('does not write over a chunk that it gave away', () => {
    const chunks: Buffer[] = []
    const batch = new WriteBatch((chunk) => chunks.push(chunk))
    for (let turn = 0; turn < 200; turn++) {
      write(batch, [100])
      batch.reserve(1_000).fill(255, batch.at, batch.at + 1_000)
    }
    expect(chunks).toHaveLength(200)
    for (const chunk of chunks) expect(chunk.equals(Buffer.alloc(100))).toBe(true)
  })

  it('writes nothing for nothing, nor twice', () => {
    let writes = 0
    const batch = new WriteBatch(() => writes++)
    batch.flush()
    batch.reserve(10)
    expect(batch.pending).toBe(false)
    batch.flush()
    expect(writes).toBe(0)
    batch.commit(batch.at + 1)
    expect(batch.pending).toBe(true)
    batch.flush()
    batch.flush()
    expect(writes).toBe(1)
  })
})
