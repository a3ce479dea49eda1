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

/** What all requests in flight may ask for together, in bytes: beyond it, memory is measured and not the client. */
export const MAX_IN_FLIGHT = 64_000_000

/** Whether a workload stays within {@link MAX_IN_FLIGHT}. */
export function isMeasurable({ size, concurrency, keys }: Workload): boolean {
  return size * concurrency * keys <= MAX_IN_FLIGHT
}

/** A workload in words. */
export function nameWorkload({ operation, size, concurrency, keys }: Workload): string {
  const what = operation === 'getMany' ? `getMany of ${String(keys)}` : operation
  return `${what}, ${nameSize(size)}, ${concurrency === 1 ? '1 at a time' : `${String(concurrency)} at once`}`
}

/** Bytes in words, decimal units. */
export function nameSize(bytes: number): string {
  if (bytes >= 1_000_000) return `${String(bytes / 1_000_000)} MB`
  return bytes >= 1_000 ? `${String(bytes / 1_000)} kB` : `${String(bytes)} B`
}
