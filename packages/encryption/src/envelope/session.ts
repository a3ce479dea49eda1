import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { MasterKey } from '../keyring/master-key.ts'
import {
  ALGORITHM_AT,
  ALGORITHM_ID,
  COUNTER_AT,
  COUNTER_BYTES,
  FLAGS_AT,
  HEADER_BYTES,
  KEY_ID_AT,
  MAGIC_0,
  MAGIC_1,
  NONCE_BYTES,
  SALT_AT,
  VERSION,
  VERSION_AT,
} from './layout.ts'

const SESSION_KEY_BYTES = 32
// both counters' upper four bytes stay zero: a session ends before it would need them
const COUNTER_LOW = COUNTER_BYTES - 4

/**
 * The key of one session: HKDF-SHA-256 (RFC 5869) of the master key, salted with the session salt.
 * `info` names algorithm and context.
 */
export function deriveSessionKey(master: MasterKey, salt: Buffer, info: Buffer): KeyObject {
  const bytes = Buffer.from(hkdfSync('sha256', master.key, salt, info, SESSION_KEY_BYTES))
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/**
 * One session of sealing: a key of its own and a counter, so that no nonce is ever used twice with a key
 * (NIST SP 800-38D, section 8.2.1: deterministic construction).
 */
export class Session {
  readonly key: KeyObject
  /** The header of the value that is being sealed. */
  readonly header: Buffer
  /** The nonce of the value that is being sealed: four zero bytes and the counter. */
  readonly nonce: Buffer
  #sealed = 0

  constructor(master: MasterKey, salt: Buffer, info: Buffer) {
    const header = Buffer.alloc(HEADER_BYTES)
    header[0] = MAGIC_0
    header[1] = MAGIC_1
    header[VERSION_AT] = VERSION
    header[ALGORITHM_AT] = ALGORITHM_ID
    header[FLAGS_AT] = 0
    header.write(master.id, KEY_ID_AT, 'hex')
    header.set(salt, SALT_AT)
    this.key = deriveSessionKey(master, salt, info)
    this.header = header
    this.nonce = Buffer.alloc(NONCE_BYTES)
  }

  /** How many counters were taken. */
  get sealed(): number {
    return this.#sealed
  }

  /** Takes the next counter, for good: one whose sealing fails afterwards is not given out again. */
  advance(): void {
    const counter = this.#sealed
    this.header.writeUInt32BE(counter, COUNTER_AT + COUNTER_LOW)
    this.nonce.writeUInt32BE(counter, NONCE_BYTES - 4)
    this.#sealed = counter + 1
  }
}
