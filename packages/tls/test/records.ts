/** The header of a TLS record: its type, its version, its length (RFC 8446, section 5.1). */
const HEADER_BYTES = 5
const APPLICATION_DATA = 23
/** What TLS 1.3 adds to a payload: its real type, and the tag of its AEAD cipher (RFC 8446, section 5.2). */
const OVERHEAD_BYTES = 1 + 16

/**
 * How many bytes of the client's each TLS record holds, in order, read off the wire of one TLS 1.3 connection.
 *
 * @param sent everything that the client sent on it
 */
export function recordSizes(sent: Buffer): readonly number[] {
  const sizes: number[] = []
  for (let at = 0; at < sent.length;) {
    const length = sent.readUInt16BE(at + 3)
    if (sent.readUInt8(at) === APPLICATION_DATA) sizes.push(length - OVERHEAD_BYTES)
    at += HEADER_BYTES + length
  }
  // the first is the end of the handshake, the last says that nothing more follows
  return sizes.slice(1, -1)
}
