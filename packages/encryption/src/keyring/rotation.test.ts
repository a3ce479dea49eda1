import { MemkeepError } from '@memkeep/core'
import { describe, expect, test } from 'vitest'
import { Keyring } from './keyring.ts'
import type { Keyset } from './keyset.ts'
import {
  distributeKey,
  generateKeyset,
  hasSealed,
  pinNameKey,
  promotableAt,
  promoteKey,
  retirableAt,
  retireKey,
} from './rotation.ts'

const HOUR = 3_600_000
const start = new Date('2026-01-01T00:00:00Z')
const after = (milliseconds: number): Date => new Date(start.getTime() + milliseconds)
const unsafe = (step: () => unknown): string => {
  try {
    step()
  } catch (error) {
    if (error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_UNSAFE_ROTATION') return error.message
    throw error
  }
  throw new Error('it was done')
}
const newest = ({ keys }: Keyset): string => keys.at(-1)?.id ?? ''

const one = generateKeyset({ now: start })
const two = distributeKey(one, { now: start })
const fresh = newest(two)

test('a rotation goes by distributing, promoting and retiring, and every step is a keyset that is read', () => {
  const promoted = promoteKey(two, fresh, { now: after(HOUR) })
  const retired = retireKey(pinNameKey(promoted, fresh), one.primary, {
    now: after(3 * HOUR),
    longestTtl: 3600,
  })
  expect([one, two, promoted, retired].map((keyset) => Keyring.fromKeyset(keyset).ids)).toEqual([
    [one.primary],
    [one.primary, fresh],
    [fresh, one.primary],
    [fresh],
  ])
  expect(one.keys).toHaveLength(1)
  expect(two.keys.map(({ status }) => status)).toEqual(['active', 'decrypt-only'])
  expect(promoted.keys.map(({ status }) => status)).toEqual(['decrypt-only', 'active'])
})

test('key names stay those of the first key until another is pinned', () => {
  const promoted = promoteKey(two, fresh, { now: after(HOUR) })
  expect(Keyring.fromKeyset(promoted).nameKeyId).toBe(one.primary)
  expect(Keyring.fromKeyset(pinNameKey(promoted, fresh)).nameKeyId).toBe(fresh)
})

test('the key before can be promoted again', () => {
  const promoted = promoteKey(two, fresh, { now: after(HOUR) })
  expect(promoteKey(promoted, one.primary, { now: after(HOUR + 1) }).primary).toBe(one.primary)
})

test('it can be asked when a key may take its next step, and the steps agree', () => {
  const [, key] = two.keys
  if (key === undefined) throw new Error('the keyset has one key')
  const from = promotableAt(key, { settle: 5000 })
  expect(from).toBe(after(5000).getTime())
  expect(promotableAt(key)).toBe(after(HOUR).getTime())
  expect(unsafe(() => promoteKey(two, fresh, { settle: 5000, now: new Date(from - 1) }))).toContain('wait')
  const { keys } = pinNameKey(promoteKey(two, fresh, { settle: 5000, now: new Date(from) }), fresh)
  const [old, promoted] = keys
  if (old === undefined || promoted === undefined) throw new Error('a key is missing')
  expect([key, old, promoted].map(hasSealed)).toEqual([false, true, true])
  expect(retirableAt(old, { longestTtl: 60, settle: 1000 })).toBe(from + 61_000)
  expect(retirableAt(old, { longestTtl: Infinity })).toBe(Infinity)
  expect(retirableAt(key, { longestTtl: Infinity })).toBe(start.getTime())
  expect(() => retirableAt(old, { longestTtl: -1 })).toThrow(RangeError)
})

describe('an unsafe order is refused', () => {
  const promoted = pinNameKey(promoteKey(two, fresh, { now: after(HOUR) }), fresh)

  test('promoting what not every process can have', () => {
    expect(unsafe(() => promoteKey(two, fresh, { now: after(HOUR - 1) }))).toContain(
      '2026-01-01T01:00:00.000Z',
    )
    expect(promoteKey(two, fresh, { now: after(1000), settle: 1000 }).primary).toBe(fresh)
  })

  test('promoting what is not there, or is primary', () => {
    expect(unsafe(() => promoteKey(one, fresh))).toContain(one.primary)
    expect(unsafe(() => promoteKey(two, one.primary))).toContain('primary already')
  })

  test('retiring the primary key, or the one that makes key names', () => {
    const later = { now: after(1000 * HOUR), longestTtl: 0 }
    expect(unsafe(() => retireKey(two, one.primary, later))).toContain('promote another')
    const pinned = pinNameKey(promoted, one.primary)
    expect(unsafe(() => retireKey(pinned, one.primary, later))).toContain('pinNameKey')
  })

  test('retiring before the last value of a key has ended, counted from when every process had changed', () => {
    const early = { now: after(3 * HOUR - 1), longestTtl: 3600 }
    expect(unsafe(() => retireKey(promoted, one.primary, early))).toContain('2026-01-01T03:00:00.000Z')
    const never = { now: after(1000 * HOUR), longestTtl: Infinity }
    expect(unsafe(() => retireKey(promoted, one.primary, never))).toContain('never end')
    expect(retireKey(promoted, one.primary, { ...early, now: after(3 * HOUR) }).keys).toHaveLength(1)
  })

  test('but not retiring what never sealed', () => {
    expect(retireKey(two, fresh, { now: after(1), longestTtl: 3600 })).toEqual(one)
  })

  test('without an idea of the longest ttl', () => {
    expect(() => retireKey(two, fresh, {} as never)).toThrow(RangeError)
  })
})
