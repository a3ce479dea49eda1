import { group, makeTable, nameWorkload, printTable, spreadOf, type Colors } from 'memkeep/internal/bench'
import type { WorkloadReport } from './report.ts'

/** What the rates of a workload are put beside. */
export interface Yardstick {
  /** Heads the column. */
  readonly name: string
  /** Requests per second that a contestant is put beside; undefined: nothing. */
  readonly of: (contestant: string) => number | undefined
}

/** One workload as a table: rates, their spread, and how they compare. */
export function standingsTable(
  { workload, standings }: WorkloadReport,
  { name, of }: Yardstick,
  colors: Colors,
): string {
  const table = makeTable()
  table.push([
    colors.bold(nameWorkload(workload)),
    ...['req/s', '', name].map((column) => right(colors.dim(column))),
  ])
  for (const { contestant, measured, failure } of standings) {
    const rate = measured?.requestsPerSecond
    const beside = of(contestant)
    table.push([
      contestant,
      ...(rate === undefined
        ? [failure?.kind ?? '-', '', '']
        : [
            group(rate.median),
            `±${(spreadOf(rate) * 100).toFixed(0)}%`,
            beside === undefined ? '' : (rate.median / beside).toFixed(2),
          ]
      ).map(right),
    ])
  }
  return printTable(table)
}

export function right(content: string): { readonly content: string; readonly hAlign: 'right' } {
  return { content, hAlign: 'right' }
}
