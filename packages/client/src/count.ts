import type { Asker } from './asker.ts'
import { readUint64, untilDeadline, type CountOptions, type StoreOptions } from './call-options.ts'
import { takeCount } from './results.ts'

/** What {@link count} needs to know. */
export interface Counting {
  readonly operation: 'increment' | 'decrement'
  /** The validated key for the wire. */
  readonly wireKey: string
  readonly options: CountOptions
  /** Milliseconds that the call may take where the options do not say. */
  readonly timeout: number
  /** Stores a first number, unless there is one. */
  readonly add: (value: string, options: StoreOptions) => Promise<boolean>
}

/** Counts a number up or down; where there is none, stores the options' `initial`. */
export async function count(
  asker: Asker,
  { operation, wireKey, options, timeout, add }: Counting,
): Promise<bigint | undefined> {
  const delta = readUint64('by', options.by ?? 1)
  const initial = options.initial === undefined ? undefined : readUint64('initial', options.initial)
  const deadline = performance.now() + (options.timeout ?? timeout)
  const ask = (left: CountOptions): Promise<bigint | undefined> =>
    asker.ask(wireKey, {
      operation,
      commands: { verb: operation, key: wireKey, delta },
      take: takeCount,
      options: left,
    })
  const counted = await ask(options)
  if (counted !== undefined || initial === undefined) return counted
  // whoever comes second counts what the first one stored
  const added = await add(String(initial), untilDeadline(options, deadline))
  return added ? initial : ask(untilDeadline(options, deadline))
}
