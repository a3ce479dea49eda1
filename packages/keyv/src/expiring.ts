/** What stands before a text that ends: a byte that no serializer's text begins with, then the end. */
const MARK = 0x00
const HEADER_BYTES = 7
/** The end of what never ends. */
const NEVER = 0

/**
 * The bytes to store for a text: the text itself, or, when it ends, behind a header of a NUL byte and its end in Unix
 * milliseconds as 48 bits, big endian. memcached counts whole seconds; the header keeps the milliseconds.
 *
 * @param expires Unix milliseconds; undefined: never
 */
export function toStored(text: string, expires: number | undefined): Buffer | string {
  if (expires === undefined && text.charCodeAt(0) !== MARK) return text
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text))
  bytes.writeUInt8(MARK, 0)
  bytes.writeUIntBE(expires ?? NEVER, 1, 6)
  bytes.write(text, HEADER_BYTES)
  return bytes
}

/** The text that was stored; undefined when its end has come. */
export function fromStored(bytes: Buffer): string | undefined {
  if (bytes[0] !== MARK || bytes.length < HEADER_BYTES) return bytes.toString()
  const expires = bytes.readUIntBE(1, 6)
  return expires !== NEVER && expires <= Date.now() ? undefined : bytes.toString('utf8', HEADER_BYTES)
}
