import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { BoundedMap } from '@memkeep/core/internal'

/** The hash of a SCRAM mechanism, as `node:crypto` names it. */
export type ScramHash = 'sha1' | 'sha256' | 'sha512'

/** What one password, salt and iteration count come to (RFC 5802, section 3). */
export interface ScramKeys {
  readonly clientKey: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** What keys are derived from, but for the password. */
export interface ScramParameters {
  readonly hash: ScramHash
  readonly username: string
  readonly salt: Buffer
  readonly iterations: number
}

const LENGTHS: Readonly<Record<ScramHash, number>> = { sha1: 20, sha256: 32, sha512: 64 }
/** As many derivations are kept at most: a server has one salt for a user. */
const MAX_KEPT = 32

const derive = promisify(pbkdf2)

/**
 * The keys of one password (RFC 5802, section 3: `Hi` is PBKDF2), each derived once and off the event loop. The
 * password is no part of what they are found by: a changed one needs another instance.
 */
export class ScramKeyCache {
  readonly #kept = new BoundedMap<string, Promise<ScramKeys>>(MAX_KEPT)

  /** @param password prepared by SASLprep */
  keys(parameters: ScramParameters, password: string): Promise<ScramKeys> {
    const { hash, username, salt, iterations } = parameters
    const name = [hash, iterations, salt.toString('base64'), username].join(' ')
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept
    const keys = deriveKeys(parameters, password)
    this.#kept.set(name, keys)
    keys.catch(() => this.#kept.delete(name))
    return keys
  }
}

async function deriveKeys({ hash, salt, iterations }: ScramParameters, password: string): Promise<ScramKeys> {
  const salted = await derive(password, salt, iterations, LENGTHS[hash], hash)
  const clientKey = hmac(hash, salted, 'Client Key')
  const serverKey = hmac(hash, salted, 'Server Key')
  salted.fill(0)
  return { clientKey, storedKey: createHash(hash).update(clientKey).digest(), serverKey }
}

/** HMAC (RFC 2104). */
export function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest()
}
