import * as zlib from 'node:zlib'
import { isOneZstdFrame } from './zstd-frame.ts'

/** What values can be compressed with: DEFLATE (RFC 1951), Brotli (RFC 7932) or Zstandard (RFC 8878). */
export type Codec = 'deflate' | 'brotli' | 'zstd'

/** A codec as this Node has it. */
export interface CodecBackend {
  readonly codec: Codec
  /** The byte that stands before what it compressed. */
  readonly id: number
  readonly compress: (value: Buffer) => Buffer
  readonly inflate: Inflate
  /** Whether bytes are one whole stream, where Node does not make sure of it. */
  readonly isWhole?: (compressed: Buffer) => boolean
}

/** Called so, `node:zlib` returns an {@link Inflated}, which its types do not tell. */
type Inflate = (compressed: Buffer, options: { maxOutputLength: number; info: true }) => unknown

/** What a stream was inflated to, and of how many bytes. */
export interface Inflated {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

interface Zstd {
  readonly zstdCompressSync?: (value: Buffer) => Buffer
  readonly zstdDecompressSync?: Inflate
}

// half the time of 4 for nearly the same length, which is about that of DEFLATE at its usual level
const BROTLI_QUALITY = 3

const { zstdCompressSync, zstdDecompressSync } = zlib as Zstd

/** Zstandard, which Node has from 22.15 on. */
const ZSTD: readonly CodecBackend[] =
  zstdCompressSync === undefined || zstdDecompressSync === undefined
    ? []
    : [
        {
          codec: 'zstd',
          id: 3,
          compress: (value) => zstdCompressSync(value),
          inflate: zstdDecompressSync,
          isWhole: isOneZstdFrame,
        },
      ]

/** The codecs that this Node has, the preferred one first. */
export const CODECS: readonly CodecBackend[] = [
  ...ZSTD,
  {
    codec: 'brotli',
    id: 2,
    compress: (value) =>
      zlib.brotliCompressSync(value, {
        params: {
          [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
          [zlib.constants.BROTLI_PARAM_SIZE_HINT]: value.length,
        },
      }),
    inflate: zlib.brotliDecompressSync,
  },
  { codec: 'deflate', id: 1, compress: (value) => zlib.deflateRawSync(value), inflate: zlib.inflateRawSync },
]
