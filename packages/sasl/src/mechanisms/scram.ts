import { randomBytes, timingSafeEqual } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import type { Credentials } from '../credentials.ts'
import { fault, unexpectedStep } from './faults.ts'
import type { Mechanism, MechanismName, ScramName } from './mechanism.ts'
import { hmac, type ScramHash, type ScramKeyCache } from './scram-keys.ts'
import { prepare } from './saslprep.ts'
import { readFinal, readFirst } from './scram-messages.ts'

/** The SCRAM mechanisms, and the hash that each goes by. */
const HASHES: Readonly<Record<ScramName, ScramHash>> = {
  'SCRAM-SHA-1': 'sha1',
  'SCRAM-SHA-256': 'sha256',
  'SCRAM-SHA-512': 'sha512',
}

/** Whether a mechanism is one of them. */
export function isScram(name: MechanismName): name is ScramName {
  return name in HASHES
}

/** No channel binding, no other identity (RFC 5802, section 7), and that in base64. */
const GS2_HEADER = 'n,,'
const CHANNEL_BINDING = Buffer.from(GS2_HEADER).toString('base64')
/** Bytes of randomness in our nonce. */
const NONCE_BYTES = 24

/** What a SCRAM exchange is done with. */
export interface ScramOptions {
  readonly name: ScramName
  /** Where keys of this password are kept. */
  readonly cache: ScramKeyCache
  /** Fewer iterations than this are refused, since they make guessing cheap. */
  readonly minIterations: number
  /** More than this are refused, since they keep us busy. */
  readonly maxIterations: number
  /** Our nonce: printable ASCII without commas. Default: random. */
  readonly nonce?: string
}

/**
 * SCRAM (RFC 5802; RFC 7677 for SHA-256): the password never crosses the wire, and the server proves that it knows
 * it too. Without channel binding, which memcached does not offer.
 */
export function scram(credentials: Credentials, options: ScramOptions): Mechanism {
  const { name, cache, nonce = randomBytes(NONCE_BYTES).toString('base64') } = options
  const hash = HASHES[name]
  const username = prepare(credentials.username)
  const clientFirst = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  let state: 'first' | 'final' | 'verified' | 'closed' = 'first'
  let expected: Buffer | undefined

  async function answerFirst(challenge: Buffer): Promise<Buffer> {
    const serverFirst = challenge.toString()
    const first = readFirst(name, serverFirst)
    if (!first.nonce.startsWith(nonce) || first.nonce.length === nonce.length) {
      throw fault('ERR_MEMKEEP_AUTH_NONCE_MISMATCH', name, 'did not add to our nonce')
    }
    checkIterations(first.iterations, options)
    const { salt, iterations } = first
    const keys = await cache.keys(
      { hash, username, salt, iterations },
      prepare(credentials.password.reveal()),
    )
    const withoutProof = `c=${CHANNEL_BINDING},r=${first.nonce}`
    const authMessage = [clientFirst, serverFirst, withoutProof].join(',')
    const signature = hmac(hash, keys.storedKey, authMessage)
    const proof = Buffer.from(keys.clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
    expected = hmac(hash, keys.serverKey, authMessage)
    state = 'final'
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  function verify(challenge: Buffer): Buffer {
    const final = readFinal(name, challenge.toString())
    if ('error' in final) {
      throw new MemkeepError(
        'ERR_MEMKEEP_AUTH_REJECTED',
        `The server refused the user name or password (SASL ${name}, ${final.error}): correct them, or add the user to the server's SASL database.`,
      )
    }
    if (expected?.length !== final.signature.length || !timingSafeEqual(expected, final.signature)) {
      throw fault('ERR_MEMKEEP_AUTH_SIGNATURE_MISMATCH', name, 'does not know the password itself')
    }
    state = 'verified'
    return Buffer.alloc(0)
  }

  return {
    name,
    start: () => Buffer.from(GS2_HEADER + clientFirst),
    step(challenge) {
      if (state === 'first') return answerFirst(challenge)
      if (state === 'final') return verify(challenge)
      throw unexpectedStep(name)
    },
    finish() {
      if (state !== 'verified') {
        throw fault(
          'ERR_MEMKEEP_AUTH_SIGNATURE_MISSING',
          name,
          'let us in without proving that it knows the password',
        )
      }
      state = 'closed'
    },
  }
}

function checkIterations(iterations: number, { name, minIterations, maxIterations }: ScramOptions): void {
  if (iterations < minIterations) {
    throw fault(
      'ERR_MEMKEEP_AUTH_ITERATIONS_TOO_FEW',
      name,
      `asked for ${String(iterations)} iterations, fewer than ${String(minIterations)}, which makes guessing the password cheap`,
    )
  }
  if (iterations > maxIterations) {
    throw fault(
      'ERR_MEMKEEP_AUTH_ITERATIONS_TOO_MANY',
      name,
      `asked for ${String(iterations)} iterations, more than ${String(maxIterations)}, which would keep this process busy`,
    )
  }
}
