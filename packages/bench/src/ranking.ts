import { medianOf, summarize, type Summary } from 'memkeep/internal/bench'
import type { Contestant } from './contestants/contestant.ts'
import { nameLayers } from './contestants/contestant.ts'
import type { Failure } from './messages.ts'
import type { Outcome } from './rounds.ts'

/** One contestant in one workload. */
export interface Standing extends Outcome {
  /** The figures, where it failed nowhere. */
  readonly measured?: Measured
}

/** The medians of its rounds, and how they compare. */
export interface Measured {
  readonly requestsPerSecond: Summary
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  readonly cpuPerRequest: number
  /** Bytes, of its process with all it did so far with values of that size. */
  readonly peakRss: number
  /** Requests per second as a share of what the ceiling does over the same transport. */
  readonly ofCeiling?: number
  /** Requests per second beside the best client of others with the same layers. */
  readonly ofBestPeer?: number
  /** Whether the middle halves of its rounds and of that client's lie apart. */
  readonly apart?: boolean
}

/** Puts the outcomes of one workload beside each other. Who failed is neither ranked nor compared with. */
export function rank(outcomes: readonly Outcome[], contestants: readonly Contestant[]): readonly Standing[] {
  const byName = new Map(contestants.map((contestant) => [contestant.name, contestant]))
  const rated = outcomes.map((outcome) => ({
    outcome,
    contestant: byName.get(outcome.contestant),
    rate:
      outcome.failure === undefined && outcome.rounds.length > 0
        ? summarize(outcome.rounds.map(({ requestsPerSecond }) => requestsPerSecond))
        : undefined,
  }))
  const best = (matches: (contestant: Contestant) => boolean): Summary | undefined => {
    const rates = rated.flatMap(({ contestant, rate }) =>
      rate !== undefined && contestant !== undefined && matches(contestant) ? [rate] : [],
    )
    return rates.toSorted((a, b) => b.median - a.median)[0]
  }
  return rated.map(({ outcome, contestant, rate }) => {
    if (rate === undefined || contestant === undefined) return outcome
    const ceiling = best(({ kind, layers }) => kind === 'ceiling' && layers.tls === contestant.layers.tls)
    const peer =
      contestant.kind === 'ceiling'
        ? undefined
        : best(({ kind, layers }) => kind === 'peer' && nameLayers(layers) === nameLayers(contestant.layers))
    return {
      ...outcome,
      measured: {
        requestsPerSecond: rate,
        p50: medianOf(outcome.rounds.map(({ p50 }) => p50)),
        p99: medianOf(outcome.rounds.map(({ p99 }) => p99)),
        cpuPerRequest: medianOf(outcome.rounds.map(({ cpuPerRequest }) => cpuPerRequest)),
        peakRss: Math.max(...outcome.rounds.map(({ peakRss }) => peakRss)),
        ...(ceiling !== undefined && { ofCeiling: rate.median / ceiling.median }),
        ...(peer !== undefined && {
          ofBestPeer: rate.median / peer.median,
          apart: rate.lower > peer.upper || rate.upper < peer.lower,
        }),
      },
    }
  })
}

/** Whether a failure is a fault of the client, and not of where it runs. */
export function isFault(failure: Failure | undefined): boolean {
  return failure !== undefined && failure.kind !== 'unavailable'
}
