import type { KeyType, MemcachedServer } from '@memkeep/testkit'
import { Budget } from './budget.ts'
import { describeEnvironment, type Environment } from './environment.ts'
import { compareHandshakes, type HandshakeRound, type HandshakeStanding } from './handshake-comparison.ts'
import { connectFor } from './handshake-slice.ts'
import { KEY_TYPES, startWays } from './handshake-ways.ts'
import type { Plan } from './plan.ts'
import { takeTurns } from './rounds.ts'

/** What of a plan handshakes are measured by. */
type HandshakePlan = Pick<Plan, 'rounds' | 'slice' | 'patience' | 'budget'>

/** One run that measured handshakes. */
export interface HandshakeReport {
  readonly environment: Environment
  readonly settings: { readonly rounds: number; readonly slice: number; readonly patience: number }
  readonly handshakes: readonly HandshakeStanding[]
}

/**
 * Measures how long a connection takes until its server has answered, without TLS, with full handshakes and with
 * resumed ones, against real servers that end with it.
 *
 * @throws Error when a session was resumed where none should be, or was not where it should; MemkeepError when a
 * connection fails
 */
export async function measureHandshakes(
  { rounds, slice, patience, budget: total }: HandshakePlan,
  onProgress: (step: string) => void,
  keyTypes: readonly KeyType[] = KEY_TYPES,
): Promise<HandshakeReport> {
  const environment = await describeEnvironment([])
  const servers: MemcachedServer[] = []
  try {
    const ways = await startWays(keyTypes, servers, onProgress)
    const entries = ways.map((way) => ({ way, rounds: [] as HandshakeRound[] }))
    const budget = new Budget({ slices: entries.length * (rounds + 1), wanted: slice, total })
    let last: number | undefined
    for (const { round, entry } of takeTurns(entries, rounds)) {
      if (round !== last) {
        onProgress(round === 0 ? 'warming up' : `round ${String(round)} of ${String(rounds)}`)
      }
      last = round
      const figures = await connectFor(entry.way, budget.nextSlice(), patience)
      if (round > 0) entry.rounds.push(figures)
    }
    return {
      environment,
      settings: { rounds, slice, patience },
      handshakes: compareHandshakes(
        entries.map(({ way: { server, handshake }, rounds: own }) => ({ server, handshake, rounds: own })),
      ),
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}
