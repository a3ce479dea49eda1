import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { KEY_ID_BYTES } from '../envelope/layout.ts'

export const MASTER_KEY_BYTES = 32

const NO_SALT = new Uint8Array(0)

/** One key of a ring. It seals nothing itself: session keys are derived from it. */
export interface MasterKey {
  /** 8 hex digits, derived from the key: a key with a wrong label cannot exist. */
  readonly id: string
  readonly key: KeyObject
}

/** Takes 32 bytes into a KeyObject and wipes them. */
export function importMasterKey(bytes: Buffer): MasterKey {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  // one-way (RFC 5869), and apart from every session key by its info: an id may be shown
  const id = Buffer.from(hkdfSync('sha256', key, NO_SALT, 'memkeep/v1/key-id', KEY_ID_BYTES)).toString('hex')
  return { id, key }
}
