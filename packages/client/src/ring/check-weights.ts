import { describeInput } from '@memkeep/core/internal'
import type { RingServer } from './ring.ts'

/** libmemcached holds a weight in 32 bits, unsigned. */
const MAX_WEIGHT = 2 ** 32 - 1

/** @throws RangeError naming the first weight that is not a whole number from 1 to 4294967295 */
export function checkWeights(servers: readonly RingServer[]): void {
  for (const [index, { weight }] of servers.entries()) {
    if (Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT) continue
    throw new RangeError(
      `servers[${String(index)}].weight must be a whole number from 1 to ${String(MAX_WEIGHT)}, not ${describeInput(weight)}`,
    )
  }
}
