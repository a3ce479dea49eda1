import Table from 'cli-table3'
import pc from 'picocolors'
import type { Report, RowReport } from './report.ts'

type Colors = ReturnType<typeof pc.createColors>

/** Words of the findings by what they mean for the owner of the data. */
const GOOD: readonly string[] = ['hidden', 'refused', 'sealed', 'noticed', 'kept']
const BAD: readonly string[] = ['seen', 'plain', 'served', 'BROKEN']

const COLUMNS = [
  'value',
  'key name',
  'password',
  'reads',
  'writes',
  'reads',
  'changes',
  'swaps',
  'req/s',
  'vs. plain',
]

const LEGEND = [
  'wire      a recording relay between the application and the server',
  'stranger  on the network, with neither certificate nor credentials',
  'insider   every right on the server: dumps its memory, changes a value, swaps two',
]

const NEXT = [
  'Use it in your service      README.md, "In your code"',
  'A runnable example          node examples/everything/main.mjs',
  'What each layer protects    README.md, "What each layer protects, and what it does not"',
]

/** The report as a table for people. */
export function renderTable(report: Report, color: boolean): string {
  const colors = pc.createColors(color)
  const table = new Table({ style: { head: [], border: color ? ['gray'] : [], compact: true } })
  const head = (text: string): string => colors.bold(text)
  table.push(
    [
      { content: head('posture'), rowSpan: 2, vAlign: 'bottom' },
      { content: head('on the wire'), colSpan: 3 },
      { content: head('a stranger'), colSpan: 2 },
      { content: head('an insider'), colSpan: 3 },
      { content: head('cost'), colSpan: 2 },
      { content: head('promise'), rowSpan: 2, vAlign: 'bottom' },
    ],
    COLUMNS.map((name) => colors.dim(name)),
  )
  for (const row of report.rows) table.push(cells(row, colors))
  return [
    '',
    `${head('What each layer really protects')}  memcached ${report.memcached}, Node ${report.node}`,
    '',
    table.toString(),
    '',
    ...LEGEND,
    '',
    verdict(report, colors),
    '',
    head('Where to go next'),
    ...NEXT,
    '',
  ].join('\n')
}

function cells({ row, findings, kept, cost }: RowReport, colors: Colors): Table.Cell[] {
  const { wire, stranger, insider } = findings
  const words = [
    wire.value,
    wire.keyName,
    wire.password === 'none' ? '-' : wire.password,
    stranger.reads,
    stranger.writes,
    insider.reads,
    insider.changes,
    insider.swaps,
  ]
  return [
    row.name,
    ...words.map((word) => paint(word, colors)),
    { content: cost.requestsPerSecond.toLocaleString('en'), hAlign: 'right' },
    { content: `${cost.ratio.toFixed(2)} x`, hAlign: 'right' },
    paint(kept ? 'kept' : 'BROKEN', colors),
  ]
}

function paint(word: string, colors: Colors): string {
  if (GOOD.includes(word)) return colors.green(word)
  return BAD.includes(word) ? colors.red(word) : colors.dim(word)
}

function verdict({ rows, kept }: Report, colors: Colors): string {
  if (kept) return colors.green('Every row kept what it promises, and showed what it leaves open.')
  const broken = rows.filter((row) => !row.kept)
  const lines = broken.map(
    ({ row, findings, expected }) =>
      `${row.name}: found ${JSON.stringify(findings)}, expected ${JSON.stringify(expected)}`,
  )
  return [colors.red('Not every row kept what it promises:'), ...lines].join('\n')
}
