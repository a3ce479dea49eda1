import type { SliceFigures } from './slice.ts'
import { medianOf, spreadOf, summarize } from './stats.ts'
import type { Workload } from './workload.ts'

/** With values as they are, or sealed before they leave. */
export type Variant = 'plain' | 'encrypted'

/** The medians of the rounds of one workload. */
export interface Figures {
  readonly requestsPerSecond: number
  /** How far apart the quartiles of the rounds lie, as a share of the median on either side. */
  readonly spread: number
  /** Megabytes (10^6) of values. */
  readonly megabytesPerSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  readonly cpuPerRequest: number
}

/** One workload, and what it came to. */
export interface Measurement {
  readonly workload: Workload
  readonly plain: Figures
  /** The same with encryption, and how many requests that are beside those of the same round without. */
  readonly encrypted?: Figures & { readonly ofPlain: number }
}

/** Makes figures of rounds. */
export function compare(
  workload: Workload,
  rounds: ReadonlyMap<Variant, readonly SliceFigures[]>,
): Measurement {
  const plain = rounds.get('plain') ?? []
  const encrypted = rounds.get('encrypted')
  return {
    workload,
    plain: figuresOf(workload, plain),
    ...(encrypted !== undefined && {
      encrypted: {
        ...figuresOf(workload, encrypted),
        ofPlain: medianOf(
          encrypted.map(
            ({ requestsPerSecond }, round) => requestsPerSecond / (plain[round]?.requestsPerSecond ?? NaN),
          ),
        ),
      },
    }),
  }
}

function figuresOf({ size, keys }: Workload, rounds: readonly SliceFigures[]): Figures {
  const rate = summarize(rounds.map(({ requestsPerSecond }) => requestsPerSecond))
  return {
    requestsPerSecond: rate.median,
    spread: spreadOf(rate),
    megabytesPerSecond: (rate.median * keys * size) / 1_000_000,
    p50: medianOf(rounds.map(({ p50 }) => p50)),
    p99: medianOf(rounds.map(({ p99 }) => p99)),
    cpuPerRequest: medianOf(rounds.map(({ cpuPerRequest }) => cpuPerRequest)),
  }
}
