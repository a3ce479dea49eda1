import { MemkeepError, type Entry } from '@memkeep/core'
import { inflate } from '../content/compression.ts'
import { unpad } from '../content/padding.ts'
import type { MasterKey } from '../keyring/master-key.ts'
import { algorithmOf } from './algorithms.ts'
import { AssociatedData } from './associated-data.ts'
import { aeadOf } from './ciphers/index.ts'
import {
  ALGORITHM_AT,
  assertLayout,
  COMPRESSED,
  EXPIRES,
  expiryOf,
  FLAGS_AT,
  headerBytes,
  KEY_ID_AT,
  PADDED,
  SALT_AT,
} from './layout.ts'
import { Reader } from './reader.ts'
import type { Session } from './session.ts'

/** How values are opened. */
export interface OpenerOptions {
  readonly context: Buffer
  /** Bytes beyond which a compressed value is refused, where the user set them. */
  readonly maxInflatedBytes: number | undefined
  /** Whether values without a bound expiry are refused. */
  readonly requireExpiry: boolean
}

/** Opens envelopes of every algorithm that any key of a ring sealed. */
export class Opener {
  readonly #masters: ReadonlyMap<string, MasterKey>
  readonly #options: OpenerOptions
  readonly #associatedData: AssociatedData
  readonly #associatedDataWithExpiry: AssociatedData
  /** By the id of their algorithm. */
  readonly #readers: (Reader | undefined)[] = []

  constructor(masters: readonly MasterKey[], options: OpenerOptions) {
    this.#masters = new Map(masters.map((master) => [master.id, master]))
    this.#options = options
    this.#associatedData = new AssociatedData(options.context, headerBytes(0))
    this.#associatedDataWithExpiry = new AssociatedData(options.context, headerBytes(EXPIRES))
  }

  /** `own` is the session of this process: its key is at hand without a derivation. */
  open(entry: Entry, own?: Session): Buffer {
    const sealed = entry.value
    assertLayout(sealed)
    const flags = sealed[FLAGS_AT] ?? 0
    const expires = (flags & EXPIRES) !== 0
    const associatedData = (expires ? this.#associatedDataWithExpiry : this.#associatedData).of(sealed, entry)
    const content = this.#readerOf(sealed[ALGORITHM_AT] ?? 0).open(
      sealed,
      headerBytes(flags),
      associatedData,
      this.#masterOf,
      own,
    )
    if (content === undefined) {
      throw new MemkeepError(
        'ERR_MEMKEEP_DECRYPT_FAILED',
        'The value does not open: its bytes were changed, or it was sealed with another key, context, key name or client flags.',
      )
    }
    if (!expires && this.#options.requireExpiry) throw withoutExpiry()
    return flags === 0 ? content : this.#decode(content, flags, sealed)
  }

  /** Only for content whose tag was verified: what is said of any other would be an attacker's. */
  #decode(content: Buffer, flags: number, sealed: Buffer): Buffer {
    const expiresAt = expiryOf(sealed)
    if (expiresAt !== undefined && expiresAt <= Date.now()) {
      throw new MemkeepError(
        'ERR_MEMKEEP_ENVELOPE_EXPIRED',
        `The value ended at ${new Date(expiresAt).toISOString()}, and was served after that: it was put back, or the clocks of its writer and this reader differ. It is not served.`,
      )
    }
    const unpadded = (flags & PADDED) === 0 ? content : unpad(content)
    return (flags & COMPRESSED) === 0 ? unpadded : inflate(unpadded, this.#options.maxInflatedBytes)
  }

  #readerOf(id: number): Reader {
    let reader = this.#readers[id]
    if (reader === undefined) {
      reader = new Reader(aeadOf(algorithmOf(id)), this.#options.context)
      this.#readers[id] = reader
    }
    return reader
  }

  readonly #masterOf = (sealed: Buffer): MasterKey => {
    const id = sealed.toString('hex', KEY_ID_AT, SALT_AT)
    const master = this.#masters.get(id)
    if (master === undefined) {
      throw new MemkeepError(
        'ERR_MEMKEEP_UNKNOWN_KEY_ID',
        `The value was sealed with key ${id}, and this keyring has ${[...this.#masters.keys()].join(', ')}. Add that key behind the primary one to read it, or let the value expire.`,
      )
    }
    return master
  }
}

function withoutExpiry(): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_ENVELOPE_NO_EXPIRY',
    'The value has no expiry bound to it, which bindExpiry: "required" demands: its writer does not bind it, or it is an old value that was put back. It is not served: set bindExpiry in every writer, and "required" once the longest ttl has passed.',
  )
}
