import { countKeys } from './values.ts'

/** What is asked of a client. */
export type Operation = 'set' | 'get' | 'getMany'

/** One thing that every contestant does. */
export interface Workload {
  readonly operation: Operation
  /** Bytes of a value. */
  readonly size: number
  /** Requests in flight. */
  readonly concurrency: number
  /** Keys of a request: 1 unless it is a getMany. */
  readonly keys: number
}

const OPERATIONS: readonly Operation[] = ['set', 'get', 'getMany']
/** Keys of a getMany where there are as many. */
const KEYS = 100

/** What all requests in flight may ask for together, in bytes: beyond it, memory is measured and not the client. */
const MAX_IN_FLIGHT = 64_000_000

/** Whether a workload stays within {@link MAX_IN_FLIGHT}. */
function isMeasurable({ size, concurrency, keys }: Workload): boolean {
  return size * concurrency * keys <= MAX_IN_FLIGHT
}

/** What is measured: everything at every size and concurrency. */
export interface Grid {
  /** Bytes. */
  readonly sizes: readonly number[]
  readonly concurrency: readonly number[]
  /** getMany is left out above. */
  readonly maxManyConcurrency?: number
}

/** The workloads of a grid, smallest values first, and those that it leaves out. */
export function listWorkloads({ sizes, concurrency, maxManyConcurrency = Infinity }: Grid): {
  readonly workloads: readonly Workload[]
  readonly leftOut: readonly Workload[]
} {
  const all = sizes.flatMap((size) =>
    concurrency.flatMap((inFlight) =>
      OPERATIONS.map((operation) => ({
        operation,
        size,
        concurrency: inFlight,
        keys: operation === 'getMany' ? Math.min(KEYS, countKeys(size)) : 1,
      })),
    ),
  )
  const fits = (workload: Workload): boolean =>
    isMeasurable(workload) && (workload.keys === 1 || workload.concurrency <= maxManyConcurrency)
  return { workloads: all.filter(fits), leftOut: all.filter((workload) => !fits(workload)) }
}

/** A workload in words. */
export function nameWorkload(workload: Workload): string {
  return `${nameOperation(workload)}, ${nameSize(workload.size)}, ${nameConcurrency(workload)}`
}

/** What is asked, in words. */
export function nameOperation({ operation, keys }: Workload): string {
  return operation === 'getMany' ? `getMany of ${String(keys)}` : operation
}

/** How many requests there are in flight, in words. */
export function nameConcurrency({ concurrency }: Workload): string {
  return concurrency === 1 ? '1 at a time' : `${String(concurrency)} at once`
}

/** Bytes in words, decimal units. */
export function nameSize(bytes: number): string {
  if (bytes >= 1_000_000) return `${String(bytes / 1_000_000)} MB`
  return bytes >= 1_000 ? `${String(bytes / 1_000)} kB` : `${String(bytes)} B`
}
