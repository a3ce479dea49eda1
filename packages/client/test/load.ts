import { expect } from 'vitest'
import type { MemcachedClient } from '../src/client.ts'

/** Requests that run all the time. */
export interface Load {
  /** How many were answered rightly. */
  readonly count: () => number
  /** Ends them; resolves to what failed. */
  readonly stop: () => Promise<readonly unknown[]>
}

/** Sets and gets as much as it can, and notes what fails. */
export function startLoad(client: MemcachedClient): Load {
  const failures: unknown[] = []
  let count = 0
  let stopped = false
  const workers = Array.from({ length: 256 }, async (_, worker) => {
    const key = `key${String(worker)}`
    for (let round = 0; !stopped; round++) {
      try {
        const value = `${key} ${String(round)} ${'x'.repeat((worker * 37) % 2000)}`
        await client.set(key, value)
        expect((await client.get(key))?.toString()).toBe(value)
        count += 2
      } catch (error) {
        // one is too many, and more would come as fast as they fail
        failures.push(error)
        return
      }
    }
  })
  return {
    count: () => count,
    stop: async () => {
      stopped = true
      await Promise.all(workers)
      return failures
    },
  }
}
