import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { importMasterKey, MASTER_KEY_BYTES } from './master-key.ts'
import { makeRing, type Ring } from './ring.ts'

/** How a key is made of a passphrase (scrypt, RFC 7914): all of it is needed to make the same key again. */
export interface PassphraseOptions {
  /** 16 bytes or more, random, the same everywhere; not secret. A string is taken as UTF-8. */
  readonly salt: string | Uint8Array
  /** Cost, a power of two from 2^15 on: `2 ** 17` takes about half a second, and 128 MiB with an `r` of 8. */
  readonly N: number
  /** Block size, 8 or more. */
  readonly r: number
  /** Parallelization, 1 or more. */
  readonly p: number
}

const MIN_SALT_BYTES = 16
const MIN_N = 2 ** 15
const MIN_R = 8
/** The most memory that a wrong parameter can take. */
const MAX_MEMORY = 1024 ** 3

type Scrypt = (
  passphrase: string,
  salt: Buffer,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer>

/** The ring of the one key that a passphrase makes. @throws TypeError, RangeError for wrong options */
export async function ringOfPassphrase(passphrase: string, options: PassphraseOptions): Promise<Ring> {
  if (typeof passphrase !== 'string' || passphrase === '') {
    throw new TypeError('passphrase must be a string that is not empty')
  }
  const { salt, N, r, p } = options
  const saltBytes = typeof salt === 'string' ? Buffer.from(salt) : Buffer.from(salt)
  if (saltBytes.length < MIN_SALT_BYTES) {
    throw new RangeError(`salt must have ${String(MIN_SALT_BYTES)} bytes or more: take random ones`)
  }
  if (!Number.isSafeInteger(N) || N < MIN_N || !Number.isInteger(Math.log2(N))) {
    throw new RangeError('N must be a power of two, 2^15 or more')
  }
  if (!Number.isSafeInteger(r) || r < MIN_R) throw new RangeError('r must be a whole number, 8 or more')
  if (!Number.isSafeInteger(p) || p < 1) throw new RangeError('p must be a whole number, 1 or more')
  const maxmem = 128 * r * (N + p + 2)
  if (maxmem > MAX_MEMORY) throw new RangeError('N, r and p take more than a GiB of memory')
  const bytes = await (promisify(scrypt) as Scrypt)(
    passphrase.normalize('NFC'),
    saltBytes,
    MASTER_KEY_BYTES,
    {
      ...{ N, r, p, maxmem },
    },
  )
  return makeRing([importMasterKey(bytes)])
}
