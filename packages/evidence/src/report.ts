import { isDeepStrictEqual } from 'node:util'
import { createPki, findMemcached } from '@memkeep/testkit'
import { corrupt } from './attacks/insider.ts'
import { intrude } from './attacks/stranger.ts'
import { eavesdrop } from './attacks/wire.ts'
import { measureCosts, type Cost } from './cost.ts'
import { expectedFindings, type Findings } from './findings.ts'
import { ROWS, type Row } from './rows.ts'
import { setStage, type Stage } from './stage.ts'

/** One line of the evidence. */
export interface RowReport {
  readonly row: Row
  readonly findings: Findings
  /** What the findings have to be. */
  readonly expected: Findings
  /** Whether they are. */
  readonly kept: boolean
  readonly cost: Cost
}

/** The evidence of one run. */
export interface Report {
  /** Versions that it was taken with. */
  readonly memcached: string
  readonly node: string
  readonly rows: readonly RowReport[]
  /** Whether every row kept what it promises, and the unprotected ones showed what they expose. */
  readonly kept: boolean
}

/** Starts every row's server, attacks it, measures it, and stops it. */
export async function gatherEvidence(onProgress: (step: string) => void): Promise<Report> {
  const { version } = await findMemcached()
  const pki = await createPki()
  const stages: Stage[] = []
  const attacked: Omit<RowReport, 'cost'>[] = []
  try {
    for (const row of ROWS) {
      onProgress(`attacking: ${row.name}`)
      const stage = await setStage(row, pki)
      stages.push(stage)
      const findings = await attack(stage)
      const expected = expectedFindings(row)
      attacked.push({ row, findings, expected, kept: isDeepStrictEqual(findings, expected) })
    }
    onProgress('measuring what each costs')
    const costs = await measureCosts(stages)
    const rows = costs.flatMap((cost, index) =>
      attacked.slice(index, index + 1).map((report) => ({ ...report, cost })),
    )
    return { memcached: version, node: process.version, rows, kept: rows.every(({ kept }) => kept) }
  } finally {
    await Promise.all(stages.map(({ server }) => server.stop()))
  }
}

async function attack(stage: Stage): Promise<Findings> {
  return { wire: await eavesdrop(stage), stranger: await intrude(stage), insider: await corrupt(stage) }
}
