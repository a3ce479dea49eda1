const MAGIC = Buffer.from('28b52ffd', 'hex')
const DESCRIPTOR_AT = MAGIC.length
const WINDOW_BYTES = 1
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const BLOCK_HEADER_BYTES = 3
const CHECKSUM_BYTES = 4
const RLE = 1
const RESERVED = 3

/**
 * Whether bytes are exactly one Zstandard frame (RFC 8878, section 3.1.1): complete, and with nothing after it. Read
 * here because versions of Node disagree: some decompress a frame that is cut off, others a second frame.
 */
export function isOneZstdFrame(bytes: Buffer): boolean {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return false
  const descriptor = bytes[DESCRIPTOR_AT]
  if (descriptor === undefined) return false
  let at = DESCRIPTOR_AT + 1 + headerBytes(descriptor)
  for (;;) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) return false
    const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES)
    const type = (header >> 1) & 3
    if (type === RESERVED) return false
    at += BLOCK_HEADER_BYTES + (type === RLE ? 1 : header >> 3)
    if ((header & 1) === 1) break
  }
  const hasChecksum = (descriptor & 4) !== 0
  return at + (hasChecksum ? CHECKSUM_BYTES : 0) === bytes.length
}

/** The length of the header's optional fields: window, dictionary id and content size. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const contentSize = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0)
  const dictionaryId = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0
  return (isSingleSegment ? 0 : WINDOW_BYTES) + dictionaryId + contentSize
}
