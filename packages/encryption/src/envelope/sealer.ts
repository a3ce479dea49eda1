import { createCipheriv, randomBytes } from 'node:crypto'
import type { Entry } from '@memkeep/core'
import type { MasterKey } from '../keyring/master-key.ts'
import { AssociatedData } from './associated-data.ts'
import { sessionInfo } from './context.ts'
import { ALGORITHM, ENVELOPE_OVERHEAD_BYTES, HEADER_BYTES, SALT_BYTES, TAG_BYTES } from './layout.ts'
import { Session } from './session.ts'

/** NIST SP 800-38D, section 8.3, asks this of random nonces; counted ones are held to it as well. */
export const SESSION_LIMIT: number = 2 ** 32

const TAG_LENGTH = { authTagLength: TAG_BYTES }

/** Seals values under one master key, session after session. */
export class Sealer {
  readonly #master: MasterKey
  readonly #info: Buffer
  readonly #associatedData: AssociatedData
  readonly #sessionLimit: number
  #session: Session | undefined

  constructor(master: MasterKey, context: Buffer, sessionLimit: number = SESSION_LIMIT) {
    this.#master = master
    this.#info = sessionInfo(context)
    this.#associatedData = new AssociatedData(context)
    this.#sessionLimit = sessionLimit
  }

  /** The session that the last value was sealed in. */
  get session(): Session | undefined {
    return this.#session
  }

  newSession(): void {
    this.#session = undefined
  }

  seal(entry: Entry): Buffer {
    let session = this.#session
    if (session === undefined || session.sealed >= this.#sessionLimit) {
      // drawn here and not earlier: a process image taken before its first value has no salt to repeat
      session = new Session(this.#master, randomBytes(SALT_BYTES), this.#info)
      this.#session = session
    }
    return sealIn(session, this.#associatedData, entry)
  }
}

/** Seals one value with a session's next counter. */
export function sealIn(session: Session, associatedData: AssociatedData, entry: Entry): Buffer {
  const { value } = entry
  session.advance()
  const { header } = session
  const sealed = Buffer.allocUnsafe(ENVELOPE_OVERHEAD_BYTES + value.length)
  const cipher = createCipheriv(ALGORITHM, session.key, session.nonce, TAG_LENGTH)
  cipher.setAAD(associatedData.of(header, entry))
  sealed.set(header, 0)
  sealed.set(cipher.update(value), HEADER_BYTES)
  cipher.final()
  sealed.set(cipher.getAuthTag(), HEADER_BYTES + value.length)
  return sealed
}
