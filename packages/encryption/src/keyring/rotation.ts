import { randomBytes } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import { keysetKey, parseKeyset, type Keyset, type KeysetKey } from './keyset.ts'
import { importMasterKey, MASTER_KEY_BYTES } from './master-key.ts'

/** What a step of a rotation goes by. */
export interface RotationOptions {
  /**
   * Milliseconds that a keyset takes to reach every process: look at how it is deployed, and how often it is read
   * again. Default: 3,600,000, an hour.
   */
  readonly settle?: number
  /** Default: the time of the call. */
  readonly now?: Date
}

/** What step 3 goes by. */
export interface RetirementOptions extends RotationOptions {
  /** Seconds that a value lives at most; `Infinity` where some never end. */
  readonly longestTtl: number
}

const HOUR = 3_600_000

/** A keyset of one new key, which also makes key names for as long as it is pinned. */
export function generateKeyset({ now = new Date() }: Pick<RotationOptions, 'now'> = {}): Keyset {
  const key = keysetKey(importMasterKey(randomBytes(MASTER_KEY_BYTES)), 'active', now)
  return { primary: key.id, nameKey: key.id, keys: [key] }
}

/**
 * Step 1: adds a new key that only opens, so that every process can read what it will seal.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function distributeKey(
  keyset: Keyset,
  { now = new Date() }: Pick<RotationOptions, 'now'> = {},
): Keyset {
  const { keys, ...rest } = parseKeyset(keyset)
  const key = keysetKey(importMasterKey(randomBytes(MASTER_KEY_BYTES)), 'decrypt-only', now)
  return { ...rest, keys: [...keys, key] }
}

/**
 * Step 2: makes a key primary, once every process can have it. The one before only opens from now on, and can be
 * promoted again.
 *
 * @throws MemkeepError `ERR_MEMKEEP_UNSAFE_ROTATION`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function promoteKey(
  keyset: Keyset,
  id: string,
  { settle = HOUR, now = new Date() }: RotationOptions = {},
): Keyset {
  const { keys, ...rest } = parseKeyset(keyset)
  const key = keyOf(keys, id)
  if (key.status === 'active') throw unsafe(`Key ${id} is primary already.`)
  waitFor(
    promotableAt(key, { settle }),
    now,
    `Processes may not have key ${id} yet, and could not read what it seals`,
  )
  const since = now.toISOString()
  return {
    ...rest,
    primary: id,
    keys: keys.map((key) => {
      if (key.id === id) return { ...key, status: 'active', since }
      return key.status === 'active' ? { ...key, status: 'decrypt-only', since } : key
    }),
  }
}

/**
 * Step 3: removes a key, once nothing that it sealed can be in the cache. One that was never primary has sealed
 * nothing, and goes at any time.
 *
 * @throws MemkeepError `ERR_MEMKEEP_UNSAFE_ROTATION`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function retireKey(
  keyset: Keyset,
  id: string,
  { now = new Date(), ...options }: RetirementOptions,
): Keyset {
  const { keys, ...rest } = parseKeyset(keyset)
  const key = keyOf(keys, id)
  const end = retirableAt(key, options)
  if (key.status === 'active') throw unsafe(`Key ${id} is primary: promote another one first.`)
  if (rest.nameKey === id) {
    throw unsafe(
      `Key names are made with key ${id}, and would all change: keep it, or pin another with pinNameKey, which starts with an empty cache.`,
    )
  }
  waitFor(end, now, `Values that key ${id} sealed may be in the cache still`)
  return { ...rest, keys: keys.filter((key) => key.id !== id) }
}

/**
 * Has hidden key names made with another key, which makes every name another: the cache is as good as empty.
 *
 * @throws MemkeepError `ERR_MEMKEEP_UNSAFE_ROTATION`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function pinNameKey(keyset: Keyset, id: string): Keyset {
  const parsed = parseKeyset(keyset)
  return { ...parsed, nameKey: keyOf(parsed.keys, id).id }
}

/**
 * From when on a key can be primary: every process has it then. Milliseconds since 1970.
 *
 * @param options.settle as in {@link promoteKey}
 */
export function promotableAt(
  { created }: KeysetKey,
  { settle = HOUR }: Pick<RotationOptions, 'settle'> = {},
): number {
  return Date.parse(created) + settle
}

/**
 * From when on a key that is not primary can be retired: nothing that it sealed is left then. Milliseconds since 1970;
 * `Infinity` where values never end, and the time that it was made for one that has sealed nothing.
 *
 * @param options as in {@link retireKey}
 * @throws RangeError for a `longestTtl` that is none
 */
export function retirableAt(
  key: KeysetKey,
  { longestTtl, settle = HOUR }: Omit<RetirementOptions, 'now'>,
): number {
  if (!(longestTtl >= 0)) throw new RangeError('longestTtl must be seconds, 0 or more')
  const since = Date.parse(key.since)
  return hasSealed(key) ? since + settle + longestTtl * 1000 : since
}

/** Whether a key is or was primary: one that never was has sealed nothing. */
export function hasSealed({ status, created, since }: KeysetKey): boolean {
  return status === 'active' || since !== created
}

function keyOf(keys: readonly KeysetKey[], id: string): KeysetKey {
  const found = keys.find((key) => key.id === id)
  if (found !== undefined) return found
  throw unsafe(`The keyset has no key of that id: it has ${keys.map((key) => key.id).join(', ')}.`)
}

function waitFor(time: number, now: Date, why: string): void {
  if (now.getTime() >= time) return
  const when = Number.isFinite(time)
    ? `until ${new Date(time).toISOString()}`
    : 'for as long as values never end'
  throw unsafe(`${why}: wait ${when}, or lower "settle" if you know better.`)
}

function unsafe(message: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_UNSAFE_ROTATION', message)
}
