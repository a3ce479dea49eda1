import { hasSealed, promotableAt, retirableAt, type Keyset, type KeysetKey } from '@memkeep/encryption'

/** What a key is good for: `primary` seals and opens, `new` only opens and never sealed, `old` only opens and did. */
export type KeyRole = 'primary' | 'new' | 'old'

/** The step that a key waits for. */
export interface NextStep {
  readonly step: 'promote' | 'retire'
  /** ISO 8601, UTC; null where it cannot be told without the longest TTL. */
  readonly from: string | null
}

/** What is said of a key; never the key. */
export interface KeyReport {
  readonly id: string
  readonly role: KeyRole
  /** ISO 8601, UTC. */
  readonly created: string
  /** Since when it has that role: ISO 8601, UTC. */
  readonly since: string
  /** Whether hidden key names are made with it. */
  readonly makesNames: boolean
  /** Null for the primary key, and for one that key names are made with and that cannot go. */
  readonly next: NextStep | null
}

/** What one knows of the services that use the keys. */
export interface Rotation {
  /** Milliseconds that a keyset takes to reach every process. */
  readonly settle: number
  /** Milliseconds that a value lives at most; undefined where nobody said. */
  readonly longestTtl?: number | undefined
}

/** Milliseconds that a keyset takes to reach every process, unless one knows better. */
export const DEFAULT_SETTLE = 3_600_000

/** What may be done with each key of a keyset next, and when. */
export function reportKeys(keyset: Keyset, rotation: Rotation): readonly KeyReport[] {
  return keyset.keys.map((key) => ({
    id: key.id,
    role: roleOf(key),
    created: key.created,
    since: key.since,
    makesNames: keyset.nameKey === key.id,
    next: nextOf(key, keyset, rotation),
  }))
}

/** What a key is good for. */
export function roleOf(key: KeysetKey): KeyRole {
  if (key.status === 'active') return 'primary'
  return hasSealed(key) ? 'old' : 'new'
}

function nextOf(key: KeysetKey, { nameKey }: Keyset, { settle, longestTtl }: Rotation): NextStep | null {
  switch (roleOf(key)) {
    case 'primary':
      return null
    case 'new':
      return { step: 'promote', from: new Date(promotableAt(key, { settle })).toISOString() }
    case 'old': {
      if (key.id === nameKey) return null
      if (longestTtl === undefined) return { step: 'retire', from: null }
      const from = retirableAt(key, { settle, longestTtl: longestTtl / 1000 })
      return { step: 'retire', from: new Date(from).toISOString() }
    }
  }
}
