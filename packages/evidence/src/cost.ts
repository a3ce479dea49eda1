import { MemcachedClient } from '@memkeep/client'
import type { Stage } from './stage.ts'

/** How the cost is measured: the same work for every row, in turns, so that all see the same machine. */
const WORKLOAD = { valueBytes: 1_000, keys: 500, concurrency: 64, rounds: 5, roundMilliseconds: 250 } as const

/** What a row costs. */
export interface Cost {
  /** Half sets, half gets; the median of the rounds. */
  readonly requestsPerSecond: number
  /** Beside the first row in the same run: the median of the rounds' ratios. */
  readonly ratio: number
}

/** Measures all stages side by side, on their open connections. */
export async function measureCosts(stages: readonly Stage[]): Promise<readonly Cost[]> {
  const clients = stages.map(
    ({ server, hardening }) => new MemcachedClient({ servers: server.address, ...hardening }),
  )
  try {
    for (const client of clients) await rate(client)
    const rounds: number[][] = []
    for (let round = 0; round < WORKLOAD.rounds; round++) {
      const rates: number[] = []
      for (const client of clients) rates.push(await rate(client))
      rounds.push(rates)
    }
    return stages.map((_, index) => ({
      requestsPerSecond: Math.round(median(rounds.map((rates) => rates[index] ?? NaN))),
      ratio: median(rounds.map((rates) => (rates[index] ?? NaN) / (rates[0] ?? NaN))),
    }))
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

/** Requests per second of one round. */
async function rate(client: MemcachedClient): Promise<number> {
  const value = Buffer.alloc(WORKLOAD.valueBytes, 'x')
  const start = performance.now()
  const end = start + WORKLOAD.roundMilliseconds
  let done = 0
  await Promise.all(
    Array.from({ length: WORKLOAD.concurrency }, async (_, worker) => {
      for (let turn = worker; performance.now() < end; turn++) {
        const key = `cost:${String(turn % WORKLOAD.keys)}`
        await client.set(key, value)
        const read = await client.get(key)
        if (read?.equals(value) !== true) throw new Error('A value was not read back as it was stored')
        done += 2
      }
    }),
  )
  return done / ((performance.now() - start) / 1000)
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
