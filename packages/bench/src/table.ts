import type Table from 'cli-table3'
import pc from 'picocolors'
import { group, makeTable, nameWorkload, printTable, spreadOf, type Colors } from 'memkeep/internal/bench'
import { nameLayers } from './contestants/contestant.ts'
import { growthLines } from './growth-table.ts'
import type { Measured, Standing } from './ranking.ts'
import type { Participation, Report, WorkloadReport } from './report.ts'

const COLUMNS = ['requests/s', 'spread', 'of ceiling', 'of peer', 'p50 µs', 'p99 µs', 'CPU µs', 'peak MB']

const LEGEND = [
  'requests/s   median of the rounds; a getMany is one request',
  'spread       half of what lies between the quartiles of the rounds, as a share of the median',
  'of ceiling   beside what a connection over the same transport carries at most',
  'of peer      beside the fastest other client with the same layers',
  'CPU, peak    of the process that the client has to itself: user and system time per request, resident memory',
]

/** The report as tables for people, one for every workload. */
export function renderTable(report: Report, color: boolean): string {
  const colors = pc.createColors(color)
  const { environment, settings, contestants, workloads, leftOut, growth } = report
  const packages = Object.entries(environment.packages).map(([name, version]) => `${name} ${version}`)
  return [
    '',
    `${colors.bold('Memkeep beside other clients')}  memcached ${environment.memcached}, Node ${environment.node}, ${String(environment.cpus)} × ${environment.cpuModel}`,
    colors.dim(
      `${packages.join(', ')}${packages.length > 0 ? '; ' : ''}${String(settings.rounds)} rounds; servers and clients share the machine: read ratios`,
    ),
    ...workloads.flatMap((one) => workloadLines(one, contestants, colors)),
    ...growthLines(growth, colors),
    '',
    ...LEGEND,
    ...(leftOut.length > 0 ? [`left out     ${leftOut.map(nameWorkload).join('; ')}`] : []),
    '',
    ...verdictLines(report, colors),
    '',
  ].join('\n')
}

function workloadLines(
  { workload, standings }: WorkloadReport,
  contestants: readonly Participation[],
  colors: Colors,
): readonly string[] {
  const table = makeTable()
  table.push([
    colors.bold(nameWorkload(workload)),
    ...COLUMNS.map((name) => ({ content: colors.dim(name), hAlign: 'right' as const })),
  ])
  for (const [standing, contestant] of arrange(standings, contestants)) {
    const name = contestant.kind === 'memkeep' ? colors.bold(standing.contestant) : standing.contestant
    table.push([name, ...(standing.measured ? cells(standing.measured, colors) : [failed(standing, colors)])])
  }
  return ['', printTable(table)]
}

/** Those with the same layers together, the fastest first, after them those that have no rank. */
export function arrange(
  standings: readonly Standing[],
  contestants: readonly Participation[],
): readonly (readonly [Standing, Participation])[] {
  const pairs = standings.flatMap((standing) => {
    const contestant = contestants.find(({ name }) => name === standing.contestant)
    return contestant === undefined ? [] : [[standing, contestant] as const]
  })
  const order = contestants.map(({ layers }) => nameLayers(layers))
  const rate = ({ measured }: Standing): number => measured?.requestsPerSecond.median ?? -1
  return pairs.toSorted(
    ([a, first], [b, second]) =>
      order.indexOf(nameLayers(first.layers)) - order.indexOf(nameLayers(second.layers)) || rate(b) - rate(a),
  )
}

function cells(measured: Measured, colors: Colors): Table.Cell[] {
  const { requestsPerSecond, p50, p99, cpuPerRequest, peakRss, ofCeiling, ofBestPeer } = measured
  const texts = [
    group(requestsPerSecond.median),
    `±${(spreadOf(requestsPerSecond) * 100).toFixed(0)}%`,
    ratio(ofCeiling),
    ofBestPeer === undefined ? '-' : (ofBestPeer < 1 ? colors.yellow : colors.green)(ratio(ofBestPeer)),
    group(p50),
    group(p99),
    cpuPerRequest.toFixed(1),
    group(peakRss / 1_000_000),
  ]
  return texts.map((content) => ({ content, hAlign: 'right' as const }))
}

function failed({ failure }: Standing, colors: Colors): Table.Cell {
  const text = failure === undefined ? 'not measured' : `${failure.kind}: ${failure.detail}`
  const paint = failure?.kind === 'unavailable' ? colors.dim : colors.red
  return { content: paint(text), colSpan: COLUMNS.length }
}

function ratio(share: number | undefined): string {
  return share === undefined ? '-' : share.toFixed(2)
}

/** Where Memkeep is ahead, where it is not, and who failed. */
function verdictLines({ workloads, contestants }: Report, colors: Colors): readonly string[] {
  const ours = new Set(contestants.flatMap(({ kind, name }) => (kind === 'memkeep' ? [name] : [])))
  const compared = workloads.flatMap(({ workload, standings }) =>
    standings.flatMap(({ contestant, measured }) =>
      ours.has(contestant) && measured?.ofBestPeer !== undefined
        ? [
            {
              text: `${contestant}, ${nameWorkload(workload)}: ${ratio(measured.ofBestPeer)}`,
              share: measured.ofBestPeer,
              apart: measured.apart === true,
            },
          ]
        : [],
    ),
  )
  const ahead = compared.filter(({ share, apart }) => apart && share > 1)
  const behind = compared.filter(({ share, apart }) => apart && share < 1)
  const close = compared.filter(({ apart }) => !apart)
  const failures = new Map<string, string[]>()
  for (const { workload, standings } of workloads) {
    for (const { contestant, failure } of standings) {
      if (failure === undefined || failure.kind === 'unavailable') continue
      const what = `${contestant} ${failure.kind} (${failure.detail})`
      failures.set(what, [...(failures.get(what) ?? []), nameWorkload(workload)])
    }
  }
  return [
    'Beside the fastest other client with the same layers:',
    `Memkeep is ahead in ${String(ahead.length)} of ${String(compared.length)} comparisons, behind in ${String(behind.length)}; in ${String(close.length)} the rounds overlap.`,
    ...behind.map(({ text }) => colors.yellow(`  behind: ${text}`)),
    ...close.filter(({ share }) => share < 1).map(({ text }) => colors.dim(`  overlaps: ${text}`)),
    ...[...failures].map(([what, where]) => colors.red(`  not ranked: ${what}: ${where.join('; ')}`)),
  ]
}
