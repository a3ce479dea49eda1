import { MemkeepError } from '@memkeep/core'

/**
 * Which lengths padded values have: those of Padmé, at most 12 % more (Nikitin and others, "Reducing Metadata Leakage
 * from Encrypted Files and Communication with PURBs", 2019), or those of buckets, in bytes and ascending. What is
 * longer than the last bucket is padded to a multiple of it.
 */
export type Padding = 'padme' | readonly number[]

// ISO/IEC 7816-4: a mark, then zeros
const MARK = 0x80
const MARK_BYTES = 1

/** Checks the option. @throws TypeError, RangeError */
export function readPadding(pad: unknown): Padding | undefined {
  if (pad === undefined || pad === 'padme') return pad
  if (!Array.isArray(pad) || pad.length === 0) {
    throw new TypeError("pad must be 'padme' or a list of bucket sizes in bytes")
  }
  let last = 0
  const buckets = pad.map((size: unknown) => {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size <= last) {
      throw new RangeError('pad: bucket sizes must be whole numbers from 1 on, ascending')
    }
    return (last = size)
  })
  return Object.freeze(buckets)
}

/** Content, a mark, and zeros up to a length that many contents have. */
export function pad(content: Buffer, padding: Padding): Buffer {
  const padded = Buffer.alloc(paddedLength(content.length + MARK_BYTES, padding))
  padded.set(content)
  padded[content.length] = MARK
  return padded
}

/**
 * The content before mark and zeros, as a view.
 *
 * @throws MemkeepError `ERR_MEMKEEP_ENVELOPE_CONTENT` when there is no mark
 */
export function unpad(padded: Buffer): Buffer {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  if (padded[end] === MARK) return padded.subarray(0, end)
  throw new MemkeepError(
    'ERR_MEMKEEP_ENVELOPE_CONTENT',
    'The value was sealed with a key of this ring, but its padding is malformed. Look for its writer.',
  )
}

function paddedLength(length: number, padding: Padding): number {
  if (padding === 'padme') return padmeLength(length)
  const largest = padding.at(-1) ?? 1
  return padding.find((size) => size >= length) ?? Math.ceil(length / largest) * largest
}

/** The length, rounded up so that its last bits tell nothing: as many as its exponent leaves to its mantissa. */
function padmeLength(length: number): number {
  const exponent = Math.floor(Math.log2(length))
  const mantissaBits = exponent === 0 ? 0 : Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** (exponent - mantissaBits)
  return step <= 1 ? length : Math.ceil(length / step) * step
}
