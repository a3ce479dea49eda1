import { open, type FileHandle } from 'node:fs/promises'

const HEX = /^(?:[0-9a-f]{2})+$/i
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/
/** What every envelope begins with. */
const MAGIC = Buffer.from('c74b', 'hex')
/** The most that memcached stores under one key is a GiB; nobody looks at more than this. */
const MAX_BYTES = 64 * 1024 ** 2

/**
 * The bytes of an envelope that was given as text, as the path of a file, or as `-` for a stream.
 *
 * @throws TypeError for what is none of them, RangeError for more than 64 MiB, and as reading does
 */
export async function readEnvelope(
  given: string,
  stdin: (() => AsyncIterable<Uint8Array>) | undefined,
): Promise<Buffer> {
  if (given === '-') {
    if (stdin === undefined) throw new TypeError('there is no standard input')
    return bytesOf(await collect(stdin()))
  }
  const content = await readIfFile(given)
  if (content !== undefined) return bytesOf(content)
  const decoded = decode(given)
  if (decoded !== undefined) return decoded
  // it may be a value, which is not repeated
  throw new TypeError('the envelope is no file, and neither base64 nor hexadecimal')
}

/** What is read from a file or stream may be an envelope, or text that stands for one. */
function bytesOf(content: Buffer): Buffer {
  if (content.subarray(0, MAGIC.length).equals(MAGIC)) return content
  const decoded = decode(content.toString('latin1').replaceAll(/\s+/g, ''))
  return decoded?.subarray(0, MAGIC.length).equals(MAGIC) === true ? decoded : content
}

function decode(text: string): Buffer | undefined {
  if (HEX.test(text)) return Buffer.from(text, 'hex')
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}

async function readIfFile(path: string): Promise<Buffer | undefined> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (error) {
    // an envelope makes a long name
    const { code = '' } = error as { readonly code?: string }
    if (['ENOENT', 'ENAMETOOLONG', 'ENOTDIR'].includes(code)) return undefined
    throw error
  }
  // the stream closes it
  return collect(file.createReadStream())
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) throw new RangeError('the envelope has more than 64 MiB: that is no stored value')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
