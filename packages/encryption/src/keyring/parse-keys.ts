import { parseKeyText } from './key-text.ts'
import { parseKeyset, ringOfKeyset, type Keyset } from './keyset.ts'
import { makeRing, type Ring } from './ring.ts'

/** Reads one or several keys of the form `memkeep-key-v1:…`. @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING` */
export function parseText(text: string): Ring {
  if (typeof text !== 'string') throw new TypeError(`text must be a string, not ${typeof text}`)
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '')
  return makeRing(entries.map((entry, index) => parseKeyText(entry, index + 1)))
}

/** Reads keys in either form: text, or a keyset. @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING` */
export function parseKeys(keys: string | Keyset): Ring {
  const isText = typeof keys === 'string' && !keys.trimStart().startsWith('{')
  return isText ? parseText(keys) : ringOfKeyset(parseKeyset(keys))
}
