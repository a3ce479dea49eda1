import type { Asker } from './asker.ts'
import { readUint64, type CountOptions, type StoreOptions } from './call-options.ts'
import { takeCount } from './results.ts'

/** What {@link count} needs to know. */
export interface Counting {
  readonly operation: 'increment' | 'decrement'
  /** The validated key for the wire. */
  readonly wireKey: string
  readonly options: CountOptions
  /** Stores a first number, unless there is one, as the next step of the call. */
  readonly add: (value: string, options: StoreOptions) => Promise<boolean>
}

/** Counts a number up or down; where there is none, stores the options' `initial`. */
export function count(
  asker: Asker,
  { operation, wireKey, options, add }: Counting,
): Promise<bigint | undefined> {
  const delta = readUint64('by', options.by ?? 1)
  const initial = options.initial === undefined ? undefined : readUint64('initial', options.initial)
  const ask = (left: CountOptions, continues = false): Promise<bigint | undefined> =>
    asker.ask(wireKey, {
      operation,
      commands: { verb: operation, key: wireKey, delta },
      take: takeCount,
      options: left,
      continues,
    })
  const counted = ask(options)
  if (initial === undefined) return counted
  const deadline = asker.deadlineOf(options)
  const orInitial = async (): Promise<bigint | undefined> => {
    const number = await counted
    if (number !== undefined) return number
    // the second of two callers counts what the first one stored
    const added = await add(String(initial), asker.untilDeadline(options, deadline))
    return added ? initial : ask(asker.untilDeadline(options, deadline), true)
  }
  return asker.chain(orInitial())
}
