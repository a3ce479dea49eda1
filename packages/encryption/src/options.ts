import { ownProperties, readOwnOptions } from '@memkeep/core/internal'
import { CIPHER_OPTIONS, type EnvelopeCipherOptions } from './envelope/cipher.ts'
import { Keyring } from './keyring/keyring.ts'
import type { KeyNameOptions } from './key-names.ts'

const MIGRATIONS = ['strict', 'read-plaintext', 'write-plaintext'] as const

/**
 * What is done with values that were stored without encryption, on the way from a plain cache to an encrypted one:
 *
 * - `strict`: they are misses.
 * - `read-plaintext`: they are served. **Whoever can write to the server can put any value in**, as before.
 * - `write-plaintext`: the same, and nothing is sealed yet: for as long as processes run that cannot open envelopes.
 */
export type Migration = (typeof MIGRATIONS)[number]

/** Options of `encryption()`. */
export interface EncryptionOptions extends EnvelopeCipherOptions {
  /** What a value that does not open is to the caller: a miss, or the error. Default: `'miss'`. */
  readonly onFailure?: 'miss' | 'throw' | undefined
  /** What the server sees of key names: all of them, or an HMAC of each. Default: `'plain'`. */
  readonly keyNames?: 'plain' | 'hmac' | KeyNameOptions | undefined
  /** What is done with plain values. Default: `'strict'`. */
  readonly migration?: Migration | undefined
  /** Stores what an older key of the ring sealed anew, in the background, when it is read. Default: false. */
  readonly rewrap?: boolean | undefined
  /** Names the keys whose values are left as they are, such as counters. Default: none. */
  readonly plainKeys?: ((key: string) => boolean) | undefined
}

/** The options of a layer beside those of its cipher, complete. */
export interface LayerOptions {
  readonly cipher: EnvelopeCipherOptions
  readonly onFailure: 'miss' | 'throw'
  readonly keyNames: KeyNameOptions | undefined
  readonly migration: Migration
  readonly rewrap: boolean
  readonly plainKeys: ((key: string) => boolean) | undefined
}

/** Checks the options and fills in what is left out. @throws TypeError naming the option */
export function readOptions(options: EncryptionOptions): LayerOptions {
  const known = [...CIPHER_OPTIONS, 'onFailure', 'keyNames', 'migration', 'rewrap', 'plainKeys']
  if (options instanceof Keyring) {
    throw new TypeError('encryption takes options, not a Keyring: write encryption({ keyring })')
  }
  const own = readOwnOptions('encryption', options, known, 'encryption({ keyring: Keyring.fromEnv() })')
  const {
    onFailure = 'miss',
    keyNames = 'plain',
    migration = 'strict',
    rewrap = false,
    plainKeys,
    ...rest
  } = own
  // what is left out of it must not be looked up elsewhere
  const cipher = ownProperties('encryption', rest)
  assertChoice('onFailure', onFailure, ['miss', 'throw'])
  assertChoice('migration', migration, MIGRATIONS)
  if (typeof keyNames !== 'object') assertChoice('keyNames', keyNames, ['plain', 'hmac'])
  if (typeof rewrap !== 'boolean') throw new TypeError('encryption: rewrap must be true or false')
  if (plainKeys !== undefined && typeof plainKeys !== 'function') {
    throw new TypeError('encryption: plainKeys must be a function that takes a key')
  }
  if (migration !== 'strict' && keyNames !== 'plain') {
    throw new TypeError(
      'encryption: keyNames looks for values under other names than those where plain ones are: leave "migration" out, or hide the names when it is done',
    )
  }
  if (migration !== 'strict' && cipher.bindExpiry === 'required') {
    throw new TypeError(
      'encryption: bindExpiry "required" refuses values without an expiry, and plain values have none: leave "migration" out, or set bindExpiry: true until it is done',
    )
  }
  const hidden = typeof keyNames === 'object' ? keyNames : keyNames === 'hmac' ? {} : undefined
  return { cipher, onFailure, keyNames: hidden, migration, rewrap, plainKeys }
}

function assertChoice(option: string, value: unknown, choices: readonly string[]): void {
  if (choices.some((choice) => choice === value)) return
  throw new TypeError(`encryption: ${option} must be one of ${choices.join(', ')}`)
}
