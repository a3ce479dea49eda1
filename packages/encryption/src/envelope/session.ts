import { hkdfSync } from 'node:crypto'
import type { MasterKey } from '../keyring/master-key.ts'
import { algorithmId } from './algorithms.ts'
import { writeUint32 } from './bytes.ts'
import { AEAD_KEY_BYTES, type Aead, type AeadKey } from './ciphers/aead.ts'
import {
  ALGORITHM_AT,
  COUNTER_AT,
  COUNTER_BYTES,
  headerBytes,
  KEY_ID_AT,
  MAGIC_0,
  MAGIC_1,
  SALT_AT,
  SALT_BYTES,
  VERSION,
  VERSION_AT,
} from './layout.ts'

// both counters' upper four bytes stay zero: a session ends before it would need them
const COUNTER_LOW_BYTES = 4
const NO_SALT = Buffer.alloc(0)

/** Whether an algorithm's nonce has room for the session salt, so that one key serves every session. */
export function saltsNonce({ nonceBytes }: Aead): boolean {
  return nonceBytes >= SALT_BYTES + COUNTER_BYTES
}

/**
 * The key of one session: HKDF-SHA-256 (RFC 5869) of the master key. `info` names algorithm and context; the salt
 * is the session's, or empty where it is part of the nonce.
 */
export function deriveSessionKey(aead: Aead, master: MasterKey, salt: Buffer, info: Buffer): AeadKey {
  const keySalt = saltsNonce(aead) ? NO_SALT : salt
  return aead.importKey(Buffer.from(hkdfSync('sha256', master.key, keySalt, info, AEAD_KEY_BYTES)))
}

/**
 * One session of sealing: a salt of its own and a counter, so that no nonce is ever used twice with a key
 * (NIST SP 800-38D, section 8.2.1: deterministic construction).
 */
export class Session {
  readonly key: AeadKey
  /** The header of the value that is being sealed. */
  readonly header: Buffer
  /** The nonce of the value that is being sealed: the salt, or four zero bytes; then the counter. */
  readonly nonce: Buffer
  #sealed = 0

  /** @param flags those that every value of the session has */
  constructor(aead: Aead, master: MasterKey, salt: Buffer, info: Buffer, flags: number) {
    const header = Buffer.alloc(headerBytes(flags))
    header[0] = MAGIC_0
    header[1] = MAGIC_1
    header[VERSION_AT] = VERSION
    header[ALGORITHM_AT] = algorithmId(aead.algorithm)
    header.write(master.id, KEY_ID_AT, 'hex')
    header.set(salt, SALT_AT)
    this.key = deriveSessionKey(aead, master, salt, info)
    this.header = header
    this.nonce = Buffer.alloc(aead.nonceBytes)
    if (saltsNonce(aead)) this.nonce.set(salt)
  }

  /** How many counters were taken. */
  get sealed(): number {
    return this.#sealed
  }

  /** Takes the next counter, for good: one whose sealing fails afterwards is not given out again. */
  advance(): void {
    const counter = this.#sealed
    writeUint32(this.header, counter, COUNTER_AT + COUNTER_BYTES - COUNTER_LOW_BYTES)
    writeUint32(this.nonce, counter, this.nonce.length - COUNTER_LOW_BYTES)
    this.#sealed = counter + 1
  }
}
