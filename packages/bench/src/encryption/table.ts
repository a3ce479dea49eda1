import pc from 'picocolors'
import { group, makeTable, printTable, spreadOf, type Colors } from 'memkeep/internal/bench'
import type { WorkloadReport } from '../report.ts'
import { right, standingsTable } from '../standings-table.ts'
import { targetLine } from '../target.ts'
import type { EncryptionReport } from './encryption.ts'
import type { SealingStanding } from './sealing.ts'

const LEGEND = [
  'µs      of one value: the median of each round, and of these; ± half of what lies between their quartiles',
  '×       the time beside that of bare node:crypto in the same rounds',
  'plain   requests per second beside those of the fastest other client without any layer',
]

/** The report as tables for people. */
export function renderEncryption(report: EncryptionReport, color: boolean): string {
  const { environment, settings, sealing, endToEnd, targets } = report
  const colors = pc.createColors(color)
  return [
    '',
    `${colors.bold('What encryption costs')}  memcached ${environment.memcached}, Node ${environment.node}, ${String(environment.cpus)} × ${environment.cpuModel}`,
    colors.dim(
      `${String(settings.rounds)} rounds of ${String(settings.slice)} ms each; all share the machine: read ratios`,
    ),
    '',
    sealingTable(sealing, colors),
    '',
    ...endToEnd.flatMap((workload) => [endToEndTable(workload, colors), '']),
    ...targets.map((target) => targetLine(target, colors)),
    '',
    ...LEGEND,
    '',
  ].join('\n')
}

function sealingTable(sealing: readonly SealingStanding[], colors: Colors): string {
  const table = makeTable()
  for (const size of new Set(sealing.map((one) => one.size))) {
    table.push([
      colors.bold(`${group(size)} B`),
      ...['seal µs', '', '×', 'open µs', '', '×'].map((name) => right(colors.dim(name))),
    ])
    const ofSize = sealing.filter((one) => one.size === size)
    for (const way of new Set(ofSize.map((one) => one.way))) {
      const cells = ofSize.filter((one) => one.way === way).flatMap((one) => sealingCells(one))
      table.push([way, ...cells.map(right)])
    }
  }
  return printTable(table)
}

function sealingCells({ microseconds, ofBare }: SealingStanding): readonly string[] {
  const { median } = microseconds
  return [
    median.toFixed(median < 100 ? 2 : 0),
    `±${(spreadOf(microseconds) * 100).toFixed(0)}%`,
    ofBare.toFixed(2),
  ]
}

function endToEndTable(report: WorkloadReport, colors: Colors): string {
  const fastest = Math.max(
    ...report.standings.map(({ contestant, measured }) =>
      contestant.startsWith('Memkeep') ? 0 : (measured?.requestsPerSecond.median ?? 0),
    ),
  )
  return standingsTable(report, { name: 'plain', of: () => fastest }, colors)
}
