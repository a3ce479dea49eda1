import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OwnMemory } from './own-memory.ts'

describe('memory of its own', () => {
  it('has the same bytes, whatever becomes of those that were received', () => {
    const range = fc.tuple(fc.nat({ max: 20_000 }), fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 12_000 })))
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const memory = new OwnMemory()
        const data = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 251))
        const expected = ranges.map(([start, length]) => Buffer.from(data.subarray(start, start + length)))
        const copies = ranges.map(([start, length]) =>
          memory.copy(data, start, Math.min(start + length, data.length)),
        )
        data.fill(255)
        expect(copies).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps no more alive than a small part of what was received', () => {
    const data = Buffer.alloc(1_000_000, 'x')
    expect(new OwnMemory().copy(data, 5, 105).buffer.byteLength).toBeLessThanOrEqual(8192)
    expect(new OwnMemory().copy(data, 5, 10_005).buffer.byteLength).toBe(10_000)
  })

  it('cannot be taken from others by a transfer of its ArrayBuffer', () => {
    for (const bytes of [1_000, 100_000]) {
      const memory = new OwnMemory()
      const data = Buffer.alloc(bytes, 'x')
      const [one, other] = [memory.copy(data, 0, 100), memory.copy(data, 100, 200)]
      try {
        // copied by Node 20, refused by later ones
        structuredClone(one, { transfer: [one.buffer as ArrayBuffer] })
      } catch (error) {
        expect(error).toMatchObject({ name: 'DataCloneError' })
      }
      expect([one, other].map(String)).toEqual(['x'.repeat(100), 'x'.repeat(100)])
    }
  })

  it('is shared by small values that came together, and by no large ones', () => {
    const memory = new OwnMemory()
    const data = Buffer.alloc(20_000, 'x')
    expect(memory.copy(data, 0, 100).buffer).toBe(memory.copy(data, 100, 4_195).buffer)
    expect(memory.copy(data, 0, 4_096).buffer).not.toBe(memory.copy(data, 4_096, 8_192).buffer)
    expect(memory.copy(data, 0, 4_096).buffer.byteLength).toBe(4_096)
  })

  it('takes over bytes that are shared with nobody, if the value is most of them', () => {
    const memory = new OwnMemory()
    const owned = Buffer.alloc(10_000)
    memory.own(owned)
    expect(memory.copy(owned, 20, 9_998).buffer).toBe(owned.buffer)
    expect(memory.copy(owned, 20, 4_900).buffer).not.toBe(owned.buffer)
    memory.forget()
    expect(memory.copy(owned, 20, 9_998).buffer).not.toBe(owned.buffer)
  })

  it('does not mix up what was received before with what is received now', () => {
    const memory = new OwnMemory()
    const first = Buffer.alloc(100, 'a')
    memory.copy(first, 0, 50)
    memory.forget()
    first.fill('b')
    expect(memory.copy(first, 0, 50).toString()).toBe('b'.repeat(50))
  })
})
