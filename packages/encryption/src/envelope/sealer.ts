import { randomBytes } from 'node:crypto'
import type { Entry } from '@memkeep/core'
import type { Compression } from '../content/compression.ts'
import { pad, type Padding } from '../content/padding.ts'
import type { MasterKey } from '../keyring/master-key.ts'
import { AssociatedData } from './associated-data.ts'
import { copyBytes } from './bytes.ts'
import { TAG_BYTES, type Aead } from './ciphers/aead.ts'
import { sessionInfo } from './context.ts'
import { COMPRESSED, EXPIRES, FLAGS_AT, headerBytes, PADDED, SALT_BYTES, writeExpiry } from './layout.ts'
import { Session } from './session.ts'

/** NIST SP 800-38D, section 8.3, asks this of random nonces; counted ones are held to it as well. */
export const SESSION_LIMIT: number = 2 ** 32

/** How values are sealed. */
export interface SealerOptions {
  readonly aead: Aead
  readonly context: Buffer
  readonly compression?: Compression | undefined
  readonly padding?: Padding | undefined
  readonly bindExpiry?: boolean
  /** Values after which a new salt is drawn. */
  readonly sessionLimit?: number
}

/** Seals values under one master key, session after session. */
export class Sealer {
  readonly #master: MasterKey
  readonly #options: SealerOptions
  readonly #info: Buffer
  /** The flags that every value has. */
  readonly #flags: number
  readonly #sessionLimit: number
  readonly #associatedData: AssociatedData
  #session: Session | undefined

  constructor(master: MasterKey, options: SealerOptions) {
    const { aead, context, padding, bindExpiry = false, sessionLimit = SESSION_LIMIT } = options
    this.#master = master
    this.#options = options
    this.#info = sessionInfo(aead.algorithm, context)
    this.#flags = (padding === undefined ? 0 : PADDED) | (bindExpiry ? EXPIRES : 0)
    this.#sessionLimit = sessionLimit
    this.#associatedData = new AssociatedData(context, headerBytes(this.#flags))
  }

  /** The session that the last value was sealed in. */
  get session(): Session | undefined {
    return this.#session
  }

  newSession(): void {
    this.#session = undefined
  }

  seal(entry: Entry): Buffer {
    const { compression, padding } = this.#options
    let content = entry.value
    let flags = this.#flags
    const compressed = compression?.compress(content)
    if (compressed !== undefined) {
      content = compressed
      flags |= COMPRESSED
    }
    if (padding !== undefined) content = pad(content, padding)
    return sealIn(this.#currentSession(), this.#associatedData, entry, content, flags)
  }

  #currentSession(): Session {
    let session = this.#session
    if (session === undefined || session.sealed >= this.#sessionLimit) {
      // drawn here and not earlier: a process image taken before its first value has no salt to repeat
      session = new Session(
        this.#options.aead,
        this.#master,
        randomBytes(SALT_BYTES),
        this.#info,
        this.#flags,
      )
      this.#session = session
    }
    return session
  }
}

/**
 * Seals content with a session's next counter, bound to the entry's key, client flags and, by `flags`, expiry.
 *
 * Everything that could run code of a caller's comes before the counter is taken: code that seals meanwhile would
 * otherwise share its nonce.
 *
 * @param entry plain data, as `readEntry` returns it
 */
export function sealIn(
  session: Session,
  associatedData: AssociatedData,
  entry: Entry,
  content: Buffer,
  flags: number,
): Buffer {
  const { header } = session
  const expiresAt = (flags & EXPIRES) === 0 ? 0 : requiredExpiry(entry)
  const sealed = Buffer.allocUnsafe(header.length + content.length + TAG_BYTES)
  session.advance()
  header[FLAGS_AT] = flags
  if ((flags & EXPIRES) !== 0) writeExpiry(header, expiresAt)
  copyBytes(header, 0, header.length, sealed, 0)
  session.key.seal(session.nonce, associatedData.of(header, entry), content, sealed, header.length)
  return sealed
}

function requiredExpiry({ expiresAt }: Entry): number {
  if (expiresAt === undefined) {
    throw new TypeError(
      'bindExpiry binds values to the time when they end, and this one never ends: give it a ttl, or the client a default one',
    )
  }
  if (!Number.isSafeInteger(expiresAt) || expiresAt < 0) {
    throw new RangeError('entry.expiresAt must be Unix milliseconds, a whole number, not negative')
  }
  return expiresAt
}
