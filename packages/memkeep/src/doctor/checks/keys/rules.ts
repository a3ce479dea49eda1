import type { CurableRule } from '../found.ts'

type RuleName = 'unknown' | 'old' | 'unused'

const area = 'keys'

/** What can be wrong between a keyring and what lies in the cache. */
export const KEYS_RULES: Readonly<Record<RuleName, CurableRule>> = {
  unknown: {
    id: 'unknown-key-ids',
    area,
    severity: 'medium',
    title: 'Values are sealed under keys that the keyring has not',
    why: 'A service with this keyring cannot read them: each is a miss. Another service shares the cache, a key was retired too early, or a new one was promoted before everybody had it.',
    cure: 'Add the key behind the primary one in every service (`memkeep keys distribute`) before any of them seals with it, and retire a key only when no value of it is left (`memkeep keys retire`).',
  },
  old: {
    id: 'values-under-old-keys',
    area,
    severity: 'info',
    title: 'Values are sealed under keys that are not primary',
    why: 'A rotation is under way: these keys are needed until the last of these values has ended or was written anew.',
    cure: 'Keep them in the keyring until an audit sees them no more, then `memkeep keys retire`.',
  },
  unused: {
    id: 'unused-keys',
    area,
    severity: 'info',
    title: 'Keys of the keyring were not seen in the sample',
    why: 'A key that seals nothing any more is one more that can leak; a primary key that was not seen says that nobody writes with this keyring yet.',
    cure: 'Retire a key that is not primary when its last value must have ended: `memkeep keys retire`.',
  },
}
