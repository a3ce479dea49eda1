import pc from 'picocolors'
import { group, makeTable, printTable, spreadOf, type Colors } from 'memkeep/internal/bench'
import type { HandshakeStanding } from './handshake-comparison.ts'
import type { HandshakeReport } from './handshakes.ts'

const COLUMNS = ['ms', 'spread', 'over TCP ms', 'of full', 'connections/s']

const LEGEND = [
  'ms             of one connection until the server has answered "version": the median of each round, and of these',
  'spread         half of what lies between the quartiles of the rounds, as a share of the median',
  'over TCP ms    more than a connection without TLS',
  'of full        beside the full handshake with the same server, the whole of either connection',
  'connections/s  one after another: 1,000 ms by the median',
]

/** The report as a table for people. */
export function renderHandshakes(
  { environment, settings, handshakes }: HandshakeReport,
  color: boolean,
): string {
  const colors = pc.createColors(color)
  const table = makeTable()
  table.push([
    colors.bold('one connection'),
    ...COLUMNS.map((name) => ({ content: colors.dim(name), hAlign: 'right' as const })),
  ])
  for (const standing of handshakes) {
    table.push([
      nameHandshake(standing),
      ...cells(standing, colors).map((content) => ({ content, hAlign: 'right' as const })),
    ])
  }
  return [
    '',
    `${colors.bold('What a TLS handshake costs')}  memcached ${environment.memcached}, Node ${environment.node}, ${String(environment.cpus)} × ${environment.cpuModel}`,
    colors.dim(
      `${String(settings.rounds)} rounds of ${String(settings.slice)} ms each; servers and client share the machine: read ratios`,
    ),
    '',
    printTable(table),
    '',
    ...LEGEND,
    '',
  ].join('\n')
}

function nameHandshake({ server, handshake }: HandshakeStanding): string {
  return handshake === 'none' ? server : `${server}, ${handshake}`
}

function cells({ milliseconds, overTcp, ofFull }: HandshakeStanding, colors: Colors): readonly string[] {
  return [
    milliseconds.median.toFixed(2),
    `±${(spreadOf(milliseconds) * 100).toFixed(0)}%`,
    overTcp?.toFixed(2) ?? '-',
    ofFull === undefined ? '-' : (ofFull < 1 ? colors.green : colors.yellow)(ofFull.toFixed(2)),
    group(1_000 / milliseconds.median),
  ]
}
