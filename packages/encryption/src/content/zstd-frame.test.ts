import { describe, expect, test } from 'vitest'
import { inflate } from './compression.ts'
import { CODECS } from './codecs.ts'
import { isOneZstdFrame } from './zstd-frame.ts'

/** What Node 24's zstd 1.5 makes, but for the RLE block, which is written by RFC 8878, section 3.1.1.2. */
const FRAMES: readonly (readonly [string, string, Buffer])[] = [
  ['an empty frame', '28b52ffd2000010000', Buffer.alloc(0)],
  ['an empty frame with a window', '28b52ffd0000010000', Buffer.alloc(0)],
  ['a raw block', '28b52ffd200421000061626364', Buffer.from('abcd')],
  ['a raw block and a checksum', '28b52ffd240421000061626364cc925dd2', Buffer.from('abcd')],
  ['a raw block of unstated size', '28b52ffd000021000061626364', Buffer.from('abcd')],
  ['an RLE block', '28b52ffd20c843060007', Buffer.alloc(200, 7)],
  [
    'a compressed block and two bytes of size',
    '28b52ffd60c200b50000787468652073616d6520776f726473200100b0a2ce3a',
    Buffer.from('the same words '.repeat(30)),
  ],
  [
    'several blocks and four bytes of size',
    '28b52ffda4e09304009c0000586162636465666768696a6b0100f2ffce8b174c000008680100fcff3910024d000008640100dc131d08012f66e307',
    Buffer.alloc(300_000, 'abcdefghijk'),
  ],
]
const hasZstd = CODECS.some(({ codec }) => codec === 'zstd')
const ZSTD = Buffer.of(3)

/** Whether this Node, if it has Zstandard, opens a stream as a value. */
function opens(stream: Buffer): boolean {
  try {
    inflate(Buffer.concat([ZSTD, stream]), 1_000_000)
    return true
  } catch (error) {
    expect(error).toMatchObject({
      code: hasZstd ? 'ERR_MEMKEEP_ENVELOPE_CONTENT' : 'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
    })
    return false
  }
}

describe.each(FRAMES)('%s', (_, hex, content) => {
  const frame = Buffer.from(hex, 'hex')

  test('is one frame', () => {
    expect(isOneZstdFrame(frame)).toBe(true)
    if (hasZstd) expect(inflate(Buffer.concat([ZSTD, frame]), 1_000_000)).toEqual(content)
  })

  test('is none when it is cut anywhere', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(isOneZstdFrame(frame.subarray(0, length))).toBe(false)
      expect(opens(frame.subarray(0, length))).toBe(false)
    }
  })

  test('is none with anything after it: a byte, a second frame, a skippable frame', () => {
    for (const more of [Buffer.of(0), frame, Buffer.from('502a4d1800000000', 'hex')]) {
      expect(isOneZstdFrame(Buffer.concat([frame, more]))).toBe(false)
      expect(opens(Buffer.concat([frame, more]))).toBe(false)
    }
  })
})

test('other formats, skippable frames and reserved blocks are refused', () => {
  for (const hex of ['502a4d1800000000', '28b52ffe2000010000', '28b52ffd2000070000', '1f8b08', '']) {
    expect(isOneZstdFrame(Buffer.from(hex, 'hex'))).toBe(false)
    expect(opens(Buffer.from(hex, 'hex'))).toBe(false)
  }
})
