import type { Contestant } from './contestants/contestant.ts'

/** What a run measures. */
export interface Plan {
  readonly contestants: readonly Contestant[]
  /** Bytes. */
  readonly sizes: readonly number[]
  readonly concurrency: readonly number[]
  readonly rounds: number
  /** Milliseconds. */
  readonly slice: number
  /** Milliseconds without a reply after which a client hangs. */
  readonly patience: number
  readonly growth: boolean
  /** Milliseconds for all workloads; slices shrink to fit. */
  readonly budget?: number
  /** getMany is left out above. */
  readonly maxManyConcurrency?: number
}

/** What the full run does. */
export const FULL: Omit<Plan, 'contestants'> = {
  sizes: [100, 1_000, 10_000, 100_000],
  concurrency: [1, 32, 256],
  rounds: 5,
  slice: 300,
  patience: 5_000,
  growth: true,
}

/** What fits in a minute. */
export const QUICK: Omit<Plan, 'contestants'> = {
  sizes: [100, 10_000],
  concurrency: [1, 256],
  rounds: 5,
  slice: 100,
  patience: 2_000,
  growth: false,
  budget: 40_000,
  maxManyConcurrency: 32,
}
