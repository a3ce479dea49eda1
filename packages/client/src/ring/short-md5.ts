/** The most characters whose MD5 takes one block of 64 bytes. */
const MAX_CHARACTERS = 55
/** First character that UTF-8 writes in more than one byte. */
const NOT_ASCII = 0x80

/** The constants of RFC 1321, section 3.4: `abs(sin(i + 1))` times 2^32, as signed numbers. */
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)
/** By how many bits the steps of the four rounds rotate. */
const ROTATIONS = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21)

/** The initial state (RFC 1321, section 3.3). */
const A = 0x67452301
const B = 0xefcdab89 | 0
const C = 0x98badcfe | 0
const D = 0x10325476

/**
 * Hashes keys without OpenSSL. A client with several servers looks one up for every command; for keys as they mostly
 * are a call into OpenSSL takes half as long again as this. It places keys and protects nothing.
 */
export class ShortMd5 {
  readonly #block = new Int32Array(16)

  /** The first 32 bits of a text's MD5, little-endian, unsigned; -1 for what is longer than a block, or not ASCII. */
  firstWord(text: string): number {
    const { length } = text
    if (length > MAX_CHARACTERS) return -1
    const block = this.#block
    block.fill(0)
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at)
      if (code >= NOT_ASCII) return -1
      block[at >> 2] = (block[at >> 2] ?? 0) | (code << ((at & 3) << 3))
    }
    block[length >> 2] = (block[length >> 2] ?? 0) | (0x80 << ((length & 3) << 3))
    block[14] = length << 3
    return compress(block)
  }
}

/** RFC 1321, section 3.4, of which only the first word of the result is of use; its four rounds are one loop each. */
function compress(block: Int32Array): number {
  let a = A
  let b = B
  let c = C
  let d = D
  let i = 0
  for (; i < 16; i++) {
    const sum = (a + (d ^ (b & (c ^ d))) + (SINES[i] ?? 0) + (block[i] ?? 0)) | 0
    const bits = ROTATIONS[i & 3] ?? 0
    a = d
    d = c
    c = b
    b = (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0
  }
  for (; i < 32; i++) {
    const sum = (a + (c ^ (d & (b ^ c))) + (SINES[i] ?? 0) + (block[(5 * i + 1) & 15] ?? 0)) | 0
    const bits = ROTATIONS[4 + (i & 3)] ?? 0
    a = d
    d = c
    c = b
    b = (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0
  }
  for (; i < 48; i++) {
    const sum = (a + (b ^ c ^ d) + (SINES[i] ?? 0) + (block[(3 * i + 5) & 15] ?? 0)) | 0
    const bits = ROTATIONS[8 + (i & 3)] ?? 0
    a = d
    d = c
    c = b
    b = (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0
  }
  for (; i < 64; i++) {
    const sum = (a + (c ^ (b | ~d)) + (SINES[i] ?? 0) + (block[(7 * i) & 15] ?? 0)) | 0
    const bits = ROTATIONS[12 + (i & 3)] ?? 0
    a = d
    d = c
    c = b
    b = (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0
  }
  return (A + a) >>> 0
}
