import type { SliceFigures, Workload } from 'memkeep/internal/bench'
import type { Budget } from './budget.ts'
import type { Contestant } from './contestants/contestant.ts'
import type { Failure } from './messages.ts'

/** How many prepare at the same time; nothing is measured then. */
const AT_ONCE = 2

/** Who takes part in interleaved rounds: a `Seat`. */
export interface Participant {
  readonly contestant: Contestant
  prepare(size: number): Promise<Failure | undefined>
  run(workload: Workload, milliseconds: number): Promise<SliceFigures | Failure>
}

/** A participant, and what it does. */
export interface Entry {
  readonly participant: Participant
  readonly workload: Workload
}

/** How one entry fared: its rounds, or why it has no rank. */
export interface Outcome {
  readonly contestant: string
  readonly rounds: readonly SliceFigures[]
  readonly failure?: Failure
}

/**
 * Gives every entry a slice of time in every round, one at a time and each round beginning with another, so that all
 * see the same machine. The first round warms up and does not count. A failure ends an entry.
 */
export async function interleave(
  entries: readonly Entry[],
  rounds: number,
  budget: Budget,
): Promise<readonly Outcome[]> {
  const states = entries.map((entry) => ({
    ...entry,
    figures: [] as SliceFigures[],
    failure: undefined as Failure | undefined,
  }))
  for (let first = 0; first < states.length; first += AT_ONCE) {
    await Promise.all(
      states.slice(first, first + AT_ONCE).map(async (state) => {
        state.failure = await state.participant.prepare(state.workload.size)
      }),
    )
  }
  for (const { round, entry: state } of takeTurns(states, rounds)) {
    const milliseconds = budget.nextSlice()
    if (state.failure !== undefined) continue
    const result = await state.participant.run(state.workload, milliseconds)
    if ('kind' in result) state.failure = result
    else if (round > 0) state.figures.push(result)
  }
  return states.map(({ participant, figures, failure }) => ({
    contestant: participant.contestant.name,
    rounds: figures,
    ...(failure !== undefined && { failure }),
  }))
}

/** Every entry once in every round, each round beginning with another. Round 0 comes before those that count. */
export function* takeTurns<Entry extends object>(
  entries: readonly Entry[],
  rounds: number,
): Generator<{ readonly round: number; readonly entry: Entry }> {
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(round + turn) % entries.length]
      if (entry !== undefined) yield { round, entry }
    }
  }
}
