import { summarize, type Summary } from 'memkeep/internal/bench'
import type { HandshakeKind } from './handshake-ways.ts'

/** What one way to connect did in one round. */
export interface HandshakeRound {
  readonly connections: number
  /** Milliseconds of the median connection. */
  readonly median: number
}

/** The rounds of one way to connect. */
export interface HandshakeOutcome {
  readonly server: string
  readonly handshake: HandshakeKind
  readonly rounds: readonly HandshakeRound[]
}

/** The median of the rounds, and how it compares. */
export interface HandshakeStanding extends HandshakeOutcome {
  /** Of a connection, until its first command was answered. */
  readonly milliseconds: Summary
  /** Milliseconds more than without TLS. */
  readonly overTcp?: number
  /** A resumed connection's time as a share of a full one's to the same server. */
  readonly ofFull?: number
}

/** Puts the ways beside the one without TLS, and the resumed beside the full ones. */
export function compareHandshakes(outcomes: readonly HandshakeOutcome[]): readonly HandshakeStanding[] {
  const summaries = outcomes.map((outcome) => ({
    ...outcome,
    milliseconds: summarize(outcome.rounds.map(({ median }) => median)),
  }))
  const plain = summaries.find(({ handshake }) => handshake === 'none')
  return summaries.map((summary) => {
    const full = summaries.find(({ server, handshake }) => handshake === 'full' && server === summary.server)
    const { median } = summary.milliseconds
    return {
      ...summary,
      ...(plain !== undefined && plain !== summary && { overTcp: median - plain.milliseconds.median }),
      ...(full !== undefined && full !== summary && { ofFull: median / full.milliseconds.median }),
    }
  })
}
