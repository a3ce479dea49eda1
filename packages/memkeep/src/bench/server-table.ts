import { displayText } from '@memkeep/core/internal'
import type Table from 'cli-table3'
import { group, makeTable, printTable, type Colors } from './grid.ts'
import type { Figures, Measurement } from './measurement.ts'
import type { ServerReport } from './server-bench.ts'
import { nameConcurrency, nameOperation, nameSize, nameWorkload } from './workload.ts'

const COLUMNS = ['requests/s', 'spread', 'MB/s', 'p50 µs', 'p99 µs', 'CPU µs']

const LEGEND = [
  'Medians of rounds, and how far those are apart. A getMany is one request; MB/s of values; latencies as the client',
  'sees them; CPU of this process, per request.',
]

/** What was measured, for people: a table for every size. */
export function renderServerReport(report: ServerReport, colors: Colors): string {
  const { server, version, measurements, leftOut } = report
  const sizes = new Set(measurements.map(({ workload }) => workload.size))
  return [
    `${colors.bold(server)}  memcached ${displayText(version)}`,
    ...[...sizes].flatMap((size) => [
      '',
      tableOf(
        size,
        measurements.filter(({ workload }) => workload.size === size),
        colors,
      ),
    ]),
    '',
    ...LEGEND.map((line) => colors.dim(line)),
    ...(leftOut.length > 0
      ? [colors.dim(`Left out, for they would fill this process: ${leftOut.map(nameWorkload).join('; ')}.`)]
      : []),
  ].join('\n')
}

function tableOf(size: number, measurements: readonly Measurement[], colors: Colors): string {
  const table = makeTable()
  const names = measurements.some(({ encrypted }) => encrypted !== undefined)
    ? [...COLUMNS, 'of plain']
    : COLUMNS
  table.push([colors.bold(nameSize(size)), ...names.map((name) => right(colors.dim(name)))])
  for (const { workload, plain, encrypted } of measurements) {
    const name = `${nameOperation(workload)}, ${nameConcurrency(workload)}`
    table.push([name, ...cells(plain)])
    if (encrypted !== undefined) {
      table.push([colors.dim('  encrypted'), ...cells(encrypted), right(encrypted.ofPlain.toFixed(2))])
    }
  }
  return printTable(table)
}

function cells({
  requestsPerSecond,
  spread,
  megabytesPerSecond,
  p50,
  p99,
  cpuPerRequest,
}: Figures): Table.Cell[] {
  return [
    group(requestsPerSecond),
    `±${(spread * 100).toFixed(0)}%`,
    megabytesPerSecond.toFixed(1),
    group(p50),
    group(p99),
    cpuPerRequest.toFixed(1),
  ].map(right)
}

function right(content: string): Table.Cell {
  return { content, hAlign: 'right' }
}
