import type { SliceFigures, SliceTimes, Workload } from 'memkeep/internal/bench'
import type { Target } from './contestants/contestant.ts'

/** What the bench asks of a contestant's process. */
export type Request =
  | {
      readonly type: 'open'
      /** URL of the module that exports `contestants`, and which of them. */
      readonly source: string
      readonly name: string
      readonly target: Target
    }
  | {
      readonly type: 'seed'
      /** Bytes of a value. */
      readonly size: number
      /** What its keys begin with, so that no two contestants share one. */
      readonly prefix: string
      readonly patience: number
    }
  | { readonly type: 'run'; readonly workload: Workload; readonly times: SliceTimes }

/** How a contestant can fail. */
export type FailureKind = 'hangs' | 'wrong answers' | 'fails' | 'unavailable'

/** Why a contestant is not ranked. */
export interface Failure {
  readonly kind: FailureKind
  /** What was seen. */
  readonly detail: string
}

/** What it answers. */
export type Response =
  | { readonly type: 'done'; readonly figures?: SliceFigures }
  | { readonly type: 'failed'; readonly failure: Failure }
