/** First character that UTF-8 writes in more than one byte. */
const NOT_ASCII = 0x80

/**
 * Bob Jenkins's one-at-a-time hash of a text's UTF-8, unsigned 32 bits, as libmemcached's `MEMCACHED_HASH_DEFAULT`
 * computes it on x86-64: there its `char` is signed, so that bytes from 0x80 on are added as negative numbers.
 */
export function oneAtATime(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= NOT_ASCII) return finish(addBytes(Buffer.from(text)))
    hash = add(hash, code)
  }
  return finish(hash)
}

function addBytes(bytes: Uint8Array): number {
  let hash = 0
  for (const signed of new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    hash = add(hash, signed)
  return hash
}

function add(hash: number, byte: number): number {
  const sum = (hash + byte) | 0
  const spread = (sum + (sum << 10)) | 0
  return spread ^ (spread >>> 6)
}

function finish(hash: number): number {
  const sum = (hash + (hash << 3)) | 0
  const mixed = sum ^ (sum >>> 11)
  return (mixed + (mixed << 15)) >>> 0
}
