import { invalidKeyring } from './invalid-keyring.ts'
import type { MasterKey } from './master-key.ts'

/** How to make a key, for whoever has none. */
export const HOW_TO_MAKE_ONE = `node --input-type=module -e "import { Keyring } from '@memkeep/encryption'; console.log(Keyring.generate().exportText())"`

/** The keys of a ring, the primary one first. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]]

/** What a keyring holds at one time. */
export interface Ring {
  readonly masters: MasterKeys
  /** The id of the key that makes key names, where a keyset pins one. */
  readonly nameKeyId: string | undefined
}

/**
 * Makes a ring of keys, the primary one first.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING` for none, or for two of one id
 */
export function makeRing(keys: readonly MasterKey[], nameKeyId?: string): Ring {
  const [primary, ...others] = keys
  if (primary === undefined) {
    throw invalidKeyring(`The keyring holds no key. Make one: ${HOW_TO_MAKE_ONE}`)
  }
  const positions = new Map<string, number>()
  for (const [index, { id }] of keys.entries()) {
    const earlier = positions.get(id)
    if (earlier !== undefined) {
      throw invalidKeyring(
        `Keys ${String(earlier)} and ${String(index + 1)} of the keyring are the same key or share the id ${id}. Leave one of them out.`,
      )
    }
    positions.set(id, index + 1)
  }
  return { masters: [primary, ...others], nameKeyId }
}

/** Whether two rings hold the same keys, in the same order. */
export function isSameRing(one: Ring, other: Ring): boolean {
  return (
    one.nameKeyId === other.nameKeyId &&
    one.masters.length === other.masters.length &&
    one.masters.every(({ id, key }, index) => {
      const counterpart = other.masters[index]
      return counterpart?.id === id && counterpart.key.equals(key)
    })
  )
}
