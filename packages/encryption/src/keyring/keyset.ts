import { invalidKeyring } from './invalid-keyring.ts'
import { formatKeyText, parseKeyText } from './key-text.ts'
import type { MasterKey } from './master-key.ts'
import { makeRing, type Ring } from './ring.ts'

/** `active`: it seals. `decrypt-only`: it only opens, being new and on its way to everyone, or on its way out. */
export type KeyStatus = 'active' | 'decrypt-only'

/** One key of a {@link Keyset}. **Secret.** */
export interface KeysetKey {
  /** 8 hex digits, derived from the key. */
  readonly id: string
  /** `memkeep-key-v1:…` */
  readonly key: string
  /** When it was made: ISO 8601, UTC. */
  readonly created: string
  readonly status: KeyStatus
  /** Since when it has that status: ISO 8601, UTC. */
  readonly since: string
}

/** Keys as JSON, with what rotation needs to know of them. **Secret.** */
export interface Keyset {
  /** The id of the one key that is `active`. */
  readonly primary: string
  /** The id of the key that hidden key names are made with, whichever is primary. */
  readonly nameKey?: string
  readonly keys: readonly KeysetKey[]
}

/**
 * Reads a keyset, as an object or as JSON.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`, which says where what is wrong, and repeats no key
 */
export function parseKeyset(input: unknown): Keyset {
  const keyset = record(typeof input === 'string' ? parseJson(input) : input, 'The keyset', [
    ...['primary', 'nameKey', 'keys'],
  ])
  const { primary, nameKey, keys } = keyset
  if (!Array.isArray(keys)) throw invalidKeyring('The keyset: "keys" must be a list of keys.')
  const parsed = keys.map((key: unknown, index) => parseKeysetKey(key, index + 1))
  const ids = parsed.map(({ id }) => id)
  if (typeof primary !== 'string' || !ids.includes(primary)) {
    throw invalidKeyring(`The keyset: "primary" must be the id of one of its keys: ${ids.join(', ')}.`)
  }
  if (nameKey !== undefined && (typeof nameKey !== 'string' || !ids.includes(nameKey))) {
    throw invalidKeyring(`The keyset: "nameKey" must be the id of one of its keys: ${ids.join(', ')}.`)
  }
  for (const { id, status } of parsed) {
    if ((status === 'active') !== (id === primary)) {
      throw invalidKeyring(
        `The keyset: the primary key, and no other, is "active", but ${id} is "${status}" and ${primary} is primary.`,
      )
    }
  }
  return { primary, ...(nameKey === undefined ? {} : { nameKey }), keys: parsed }
}

/** The ring of a keyset's keys. @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING` */
export function ringOfKeyset(keyset: Keyset): Ring {
  const masters = keyset.keys.map(({ key }, index) => parseKeyText(key, index + 1))
  const isPrimary = ({ id }: MasterKey): boolean => id === keyset.primary
  return makeRing(
    [...masters.filter(isPrimary), ...masters.filter((each) => !isPrimary(each))],
    keyset.nameKey,
  )
}

/** A key as a keyset has it. */
export function keysetKey(master: MasterKey, status: KeyStatus, now: Date): KeysetKey {
  const time = now.toISOString()
  return { id: master.id, key: formatKeyText(master), created: time, status, since: time }
}

function parseKeysetKey(input: unknown, position: number): KeysetKey {
  const where = `Key ${String(position)} of the keyset`
  const { id, key, created, status, since } = record(input, where, [
    'id',
    'key',
    'created',
    'status',
    'since',
  ])
  if (typeof key !== 'string') throw invalidKeyring(`${where}: "key" must be text, memkeep-key-v1:…`)
  const derived = parseKeyText(key, position).id
  if (id !== derived) {
    throw invalidKeyring(
      `${where}: "id" must be ${derived}, which is derived from the key: was the key of another entry pasted here?`,
    )
  }
  if (status !== 'active' && status !== 'decrypt-only') {
    throw invalidKeyring(`${where}: "status" must be "active" or "decrypt-only".`)
  }
  return { id, key, created: time(created, where, 'created'), status, since: time(since, where, 'since') }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // the cause would quote the text, keys and all
    throw invalidKeyring('The keyset is no valid JSON: was it cut off?')
  }
}

function record(input: unknown, where: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalidKeyring(`${where} must be an object.`)
  }
  const unknown = Object.keys(input).findIndex((name) => !known.includes(name))
  // a name may be a key that was pasted into the wrong place: it is not repeated
  if (unknown >= 0) {
    throw invalidKeyring(`${where}: field ${String(unknown + 1)} is none of ${known.join(', ')}.`)
  }
  return Object.assign(Object.create(null) as Record<string, unknown>, input)
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/

function time(value: unknown, where: string, name: string): string {
  if (typeof value === 'string' && ISO_TIME.test(value) && !Number.isNaN(Date.parse(value))) return value
  throw invalidKeyring(`${where}: "${name}" must be a time as 2026-01-31T12:00:00Z.`)
}
