import { MemkeepError } from '@memkeep/core'
import { readOwnOptions } from '@memkeep/core/internal'
import { CODECS, type Codec, type CodecBackend, type Inflated } from './codecs.ts'

/** How values are compressed. */
export interface CompressionOptions {
  /**
   * Default: `'zstd'` where Node has it (22.15 and later), else `'brotli'`. Where older Nodes read the same cache,
   * name one that all of them have.
   */
  readonly codec?: Codec | undefined
  /** Values of fewer bytes are left as they are. Default: 1,024. */
  readonly threshold?: number | undefined
  /**
   * Bytes beyond which no value is compressed, and none inflated. Default: 100 times the compressed bytes, but at least
   * 1 MiB, and at most 64 MiB.
   */
  readonly maxInflatedBytes?: number | undefined
}

const MIB = 1024 ** 2
/** Inflating takes time in which the process does nothing else. */
const MOST_BYTES = 64 * MIB
/** As much as memcached stores of a plain value unless it is told otherwise. */
const ALWAYS_BYTES = MIB
const MOST_TIMES = 100

/**
 * The most bytes that compressed ones are inflated to.
 *
 * @param maxInflatedBytes as the user set it; undefined: the default
 */
export function inflatedBound(compressedBytes: number, maxInflatedBytes: number | undefined): number {
  return maxInflatedBytes ?? Math.min(MOST_BYTES, Math.max(ALWAYS_BYTES, compressedBytes * MOST_TIMES))
}

const THRESHOLD = 1_024
const NAMES: readonly unknown[] = ['deflate', 'brotli', 'zstd']
const ZSTD_ID = 3

/** Compresses values that are worth it. */
export class Compression {
  readonly codec: Codec
  readonly maxInflatedBytes: number | undefined
  readonly #backend: CodecBackend
  readonly #threshold: number

  /**
   * @throws TypeError, RangeError for wrong options
   * @throws MemkeepError `ERR_MEMKEEP_ALGORITHM_UNAVAILABLE` for a codec that this Node does not have
   */
  constructor(options: CompressionOptions) {
    const own = readOwnOptions('compress', options, ['codec', 'threshold', 'maxInflatedBytes'])
    this.#backend = backendOf(own.codec)
    this.codec = this.#backend.codec
    this.#threshold = byteCount('threshold', own.threshold ?? THRESHOLD)
    this.maxInflatedBytes =
      own.maxInflatedBytes === undefined ? undefined : byteCount('maxInflatedBytes', own.maxInflatedBytes)
  }

  /** A codec byte and the compressed value, or undefined when the value is better left as it is. */
  compress(value: Buffer): Buffer | undefined {
    const most = this.maxInflatedBytes ?? MOST_BYTES
    if (value.length < this.#threshold || value.length > most) return undefined
    const compressed = this.#backend.compress(value)
    if (compressed.length + 1 >= value.length) return undefined
    // readers would refuse it
    if (value.length > inflatedBound(compressed.length, this.maxInflatedBytes)) return undefined
    return Buffer.concat([Buffer.of(this.#backend.id), compressed])
  }
}

/** Reads the option. @throws what {@link Compression} throws */
export function readCompression(compress: boolean | CompressionOptions | undefined): Compression | undefined {
  if (compress === undefined || compress === false) return undefined
  return new Compression(compress === true ? {} : compress)
}

/**
 * The value that was compressed to a codec byte and one stream.
 *
 * @param maxInflatedBytes as the user set it; undefined: the default
 * @throws MemkeepError `ERR_MEMKEEP_ENVELOPE_CONTENT` for what is malformed or inflates beyond the bound,
 * `ERR_MEMKEEP_ENVELOPE_UNSUPPORTED` for a codec that this Node does not have
 */
export function inflate(content: Buffer, maxInflatedBytes?: number): Buffer {
  const [id] = content
  const backend = CODECS.find((each) => each.id === id)
  if (backend === undefined)
    throw id === ZSTD_ID ? withoutZstd('ERR_MEMKEEP_ENVELOPE_UNSUPPORTED') : malformed()
  const compressed = content.subarray(1)
  if (backend.isWhole?.(compressed) === false) throw malformed()
  let inflated: Inflated
  try {
    const maxOutputLength = inflatedBound(compressed.length, maxInflatedBytes)
    inflated = backend.inflate(compressed, { maxOutputLength, info: true }) as Inflated
  } catch (cause) {
    throw malformed(cause)
  }
  if (inflated.engine.bytesWritten !== compressed.length) throw malformed()
  return inflated.buffer
}

function backendOf(codec: Codec | undefined): CodecBackend {
  if (codec !== undefined && !NAMES.includes(codec)) {
    throw new TypeError(`compress: codec must be one of ${NAMES.join(', ')}`)
  }
  const backend = CODECS.find((each) => codec === undefined || each.codec === codec)
  if (backend === undefined) throw withoutZstd('ERR_MEMKEEP_ALGORITHM_UNAVAILABLE')
  return backend
}

function byteCount(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value
  throw new RangeError(`compress: ${option} must be a number of bytes, whole and from 1 on`)
}

function withoutZstd(
  code: 'ERR_MEMKEEP_ALGORITHM_UNAVAILABLE' | 'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
): MemkeepError {
  return new MemkeepError(
    code,
    'Zstandard needs Node.js 22.15 or later: run that, or let every writer compress with brotli or deflate.',
  )
}

function malformed(cause?: unknown): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_ENVELOPE_CONTENT',
    'The value was sealed with a key of this ring, but what was compressed in it is malformed or inflates beyond its bound. Look for its writer, or raise the bound with compress: { maxInflatedBytes }.',
    cause === undefined ? {} : { cause },
  )
}
