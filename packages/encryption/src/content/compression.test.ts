import { randomFillSync } from 'node:crypto'
import { brotliCompressSync, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CODECS } from './codecs.ts'
import { Compression, inflate, readCompression } from './compression.ts'

const REFUSED = expect.objectContaining({ code: 'ERR_MEMKEEP_ENVELOPE_CONTENT' }) as Error
const codecs = CODECS.map(({ codec }) => codec)
const hasZstd = codecs.includes('zstd')

describe.each(codecs)('%s', (codec) => {
  const compression = new Compression({ codec, threshold: 1 })
  const compressed = (value: Buffer): Buffer => {
    const content = compression.compress(value)
    if (content === undefined) throw new Error('it was left as it is')
    return content
  }

  test('gives back every value, in memory of its own', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.integer({ min: 10, max: 200 }),
        (unit, times) => {
          const value = Buffer.concat(Array.from({ length: times }, () => unit))
          const content = compression.compress(value)
          if (content !== undefined) expect(inflate(content)).toEqual(value)
        },
      ),
    )
    const value = Buffer.alloc(5_000, 'abc')
    const content = compressed(value)
    const inflated = inflate(content)
    content.fill(0)
    expect(inflated).toEqual(value)
  })

  test('a bomb stops at the bound', () => {
    const most = new Compression({ codec, maxInflatedBytes: 32 * 1024 * 1024 })
    const content = most.compress(Buffer.alloc(32 * 1024 * 1024)) ?? Buffer.alloc(0)
    expect(content.length).toBeLessThan(100_000)
    expect(() => inflate(content)).toThrow(REFUSED)
    expect(() => inflate(content, 1_000)).toThrow(REFUSED)
    expect(() => inflate(content, 32 * 1024 * 1024 - 1)).toThrow(REFUSED)
    expect(inflate(content, 32 * 1024 * 1024)).toHaveLength(32 * 1024 * 1024)
  })

  test('without a bound of its own, up to 1 MiB or 100 times the compressed bytes are taken', () => {
    const MIB = 1024 * 1024
    expect(inflate(compressed(Buffer.alloc(MIB)))).toHaveLength(MIB)
    expect(compression.compress(Buffer.alloc(MIB + 1))).toBeUndefined()
    const bomb = new Compression({ codec, maxInflatedBytes: 2 * MIB }).compress(Buffer.alloc(MIB + 1))
    expect(() => inflate(bomb ?? Buffer.alloc(0))).toThrow(REFUSED)
    // a 50th of it cannot be compressed
    const value = Buffer.alloc(3 * MIB)
    randomFillSync(value, 0, value.length / 50)
    expect(inflate(compressed(value)).equals(value)).toBe(true)
  })

  test('a stream that is cut, or has something behind it, is refused', () => {
    const content = compressed(Buffer.alloc(3_000, 'abcdefg'))
    for (let length = 1; length < content.length; length++) {
      expect(() => inflate(content.subarray(0, length))).toThrow(REFUSED)
    }
    for (const more of [Buffer.of(0), content.subarray(1)]) {
      expect(() => inflate(Buffer.concat([content, more]))).toThrow(REFUSED)
    }
  })

  test('broken streams are refused, or are streams', () => {
    const content = compressed(Buffer.alloc(3_000, 'abcdefg'))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: content.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const broken = Buffer.from(content)
          broken[at] = byte
          try {
            inflate(broken, 10_000)
          } catch (error) {
            expect(error).toEqual(REFUSED)
          }
        },
      ),
    )
  })
})

test('the byte before a stream says what it was compressed with', () => {
  const value = Buffer.alloc(2_000, 'abc')
  const streams = [
    [1, deflateRawSync(value)],
    [2, brotliCompressSync(value)],
  ] as const
  for (const [id, stream] of streams) {
    expect(inflate(Buffer.concat([Buffer.of(id), stream]))).toEqual(value)
  }
  for (const id of [0, 4, 0x78, 255]) {
    expect(() => inflate(Buffer.concat([Buffer.of(id), streams[0][1]]))).toThrow(REFUSED)
  }
  expect(() => inflate(Buffer.alloc(0))).toThrow(REFUSED)
})

test('Zstandard is there from Node 22.15 on, and otherwise told', () => {
  const frame = Buffer.from('0328b52ffd0000010000', 'hex')
  if (hasZstd) {
    expect(new Compression({}).codec).toBe('zstd')
    expect(inflate(frame, 10)).toHaveLength(0)
    return
  }
  expect(new Compression({}).codec).toBe('brotli')
  expect(() => new Compression({ codec: 'zstd' })).toThrow(
    expect.objectContaining({ code: 'ERR_MEMKEEP_ALGORITHM_UNAVAILABLE' }) as Error,
  )
  expect(() => inflate(frame, 10)).toThrow(
    expect.objectContaining({ code: 'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED' }) as Error,
  )
})

describe('what is left as it is', () => {
  test('values under the threshold, beyond the bound, and those that would not get shorter', () => {
    const compression = new Compression({ threshold: 100, maxInflatedBytes: 200 })
    expect(compression.compress(Buffer.alloc(99))).toBeUndefined()
    expect(compression.compress(Buffer.alloc(100))).toBeDefined()
    expect(compression.compress(Buffer.alloc(201))).toBeUndefined()
    const noise = Buffer.from(Array.from({ length: 150 }, (_, index) => (index * 167 + 13) % 251))
    expect(compression.compress(noise)).toBeUndefined()
  })
})

test('options', () => {
  expect(readCompression(undefined)).toBeUndefined()
  expect(readCompression(false)).toBeUndefined()
  expect(readCompression(true)).toBeInstanceOf(Compression)
  for (const wrong of [null, 'brotli', 1, { codec: 'lzw' }, { level: 1 }]) {
    expect(() => readCompression(wrong as never)).toThrow(TypeError)
  }
  for (const wrong of [
    { threshold: 0 },
    { threshold: -1 },
    { maxInflatedBytes: 0.5 },
    { maxInflatedBytes: '1' },
  ]) {
    expect(() => readCompression(wrong as never)).toThrow(RangeError)
  }
})
