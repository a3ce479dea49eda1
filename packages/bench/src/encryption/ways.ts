import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { ENVELOPE_ALGORITHMS, EnvelopeCipher, Keyring, type EnvelopeAlgorithm } from '@memkeep/encryption'

/** What is done to one value, again and again. */
export interface Work {
  readonly seal: () => unknown
  readonly open: () => unknown
}

/** One way to encrypt. */
export interface Way {
  readonly name: string
  /** Makes the work for values of so many bytes, and sees to it that they open. */
  readonly prepare: (size: number) => Work
}

/** The yardstick: the calls into `node:crypto` that there is no AES-256-GCM without, and nothing else. */
export const BARE: Way = { name: 'bare node:crypto AES-256-GCM', prepare: prepareBare }

/** Every way, the yardstick first. */
export const WAYS: readonly Way[] = [
  BARE,
  { name: "Keyv's way: random IV, base64", prepare: prepareLikeKeyv },
  ...ENVELOPE_ALGORITHMS.map((algorithm) => ({
    name: `Memkeep ${algorithm}`,
    prepare: (size: number) => prepareEnvelope(algorithm, size),
  })),
]

const AES = 'aes-256-gcm'

function prepareBare(size: number): Work {
  const key = createSecretKey(randomBytes(32))
  const value = valueOf(size)
  const nonce = Buffer.alloc(12)
  let counter = 0
  const seal = (): readonly [Buffer, Buffer, Buffer] => {
    nonce.writeUInt32BE(counter++, 8)
    const cipher = createCipheriv(AES, key, nonce)
    const first = cipher.update(value)
    const last = cipher.final()
    return [first, last, cipher.getAuthTag()]
  }
  const [sealed, , tag] = seal()
  const usedNonce = Buffer.from(nonce)
  const open = (): Buffer => {
    const decipher = createDecipheriv(AES, key, usedNonce)
    decipher.setAuthTag(tag)
    const plain = decipher.update(sealed)
    decipher.final()
    return plain
  }
  assertOpens(open(), value)
  return { seal, open }
}

/** As encryption for Keyv describes itself: text in, a new random IV for each value, base64 out. */
function prepareLikeKeyv(size: number): Work {
  const key = randomBytes(32)
  const text = valueOf(size).toString('latin1')
  const seal = (): string => {
    const iv = randomBytes(12)
    const cipher = createCipheriv(AES, key, iv)
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
  }
  const sealedText = seal()
  const open = (): string => {
    const bytes = Buffer.from(sealedText, 'base64')
    const decipher = createDecipheriv(AES, key, bytes.subarray(0, 12))
    decipher.setAuthTag(bytes.subarray(12, 28))
    return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8')
  }
  assertOpens(Buffer.from(open()), valueOf(size))
  return { seal, open }
}

function prepareEnvelope(algorithm: EnvelopeAlgorithm, size: number): Work {
  const options = { keyring: Keyring.generate(), context: 'bench', algorithm }
  const [writer, reader] = [new EnvelopeCipher(options), new EnvelopeCipher(options)]
  const entry = { key: 'user:12345', value: valueOf(size), flags: 0 }
  const stored = { ...entry, value: writer.seal(entry) }
  assertOpens(reader.open(stored), entry.value)
  return { seal: () => writer.seal(entry), open: () => reader.open(stored) }
}

/** ASCII, so that text and bytes are of one length. */
function valueOf(size: number): Buffer {
  return Buffer.alloc(size, 'The cache keeps what it is given. ')
}

function assertOpens(opened: Buffer, value: Buffer): void {
  if (!opened.equals(value))
    throw new Error('What was sealed opens to something else: there is nothing to compare')
}
