import { medianOf, summarize, type Summary } from 'memkeep/internal/bench'
import { Budget } from '../budget.ts'
import type { Plan } from '../plan.ts'
import { takeTurns } from '../rounds.ts'
import { BARE, WAYS, type Way } from './ways.ts'

/** Bytes. */
export const SIZES: readonly number[] = [16, 100, 1_000, 10_000, 100_000]
/** What is worth a look at the clock: so many microseconds or more. */
const BATCH_MICROSECONDS = 200

/** One way with values of one size. */
export interface SealingStanding {
  readonly way: string
  /** Bytes of the value. */
  readonly size: number
  readonly operation: 'seal' | 'open'
  /** Microseconds per value, of the rounds. */
  readonly microseconds: Summary
  /** The time beside the yardstick's: the median of the rounds, each beside the same one of the yardstick. */
  readonly ofBare: number
}

interface Entry {
  readonly way: Way
  readonly operation: 'seal' | 'open'
  readonly work: () => unknown
  /** How often it is done between two looks at the clock. */
  readonly batch: number
  readonly rounds: number[]
}

/** Measures how long a value takes to be sealed and opened, every way in a slice of every round. */
export function measureSealing(
  { rounds, slice, budget: total }: Pick<Plan, 'rounds' | 'slice' | 'budget'>,
  onProgress: (step: string) => void,
  sizes: readonly number[] = SIZES,
): readonly SealingStanding[] {
  const slices = sizes.length * WAYS.length * 2 * (rounds + 1)
  const budget = new Budget({ slices, wanted: slice, total })
  return sizes.flatMap((size) => {
    onProgress(`sealing values of ${String(size)} bytes`)
    const entries = WAYS.flatMap((way): Entry[] => {
      const { seal, open } = way.prepare(size)
      return [makeEntry(way, 'seal', seal), makeEntry(way, 'open', open)]
    })
    for (const { round, entry } of takeTurns(entries, rounds)) {
      const taken = timeFor(entry, budget.nextSlice())
      if (round > 0) entry.rounds.push(taken)
    }
    return entries.map((entry) => standingOf(entry, size, entries))
  })
}

function makeEntry(way: Way, operation: 'seal' | 'open', work: () => unknown): Entry {
  const start = performance.now()
  work()
  const once = (performance.now() - start) * 1_000
  return { way, operation, work, batch: Math.ceil(BATCH_MICROSECONDS / once), rounds: [] }
}

/** Microseconds per value over so many milliseconds, with the garbage that it leaves. */
function timeFor({ work, batch }: Entry, milliseconds: number): number {
  const start = performance.now()
  let count = 0
  let taken: number
  do {
    for (let index = 0; index < batch; index++) work()
    count += batch
    taken = performance.now() - start
  } while (taken < milliseconds)
  return (taken * 1_000) / count
}

function standingOf({ way, operation, rounds }: Entry, size: number, all: readonly Entry[]): SealingStanding {
  const bare = all.find((entry) => entry.way === BARE && entry.operation === operation)?.rounds ?? []
  return {
    way: way.name,
    size,
    operation,
    microseconds: summarize(rounds),
    ofBare: medianOf(rounds.map((time, round) => time / (bare[round] ?? NaN))),
  }
}
