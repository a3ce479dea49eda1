import Table from 'cli-table3'
import pc from 'picocolors'
import type { Report, RowReport } from './report.ts'
import type { Row } from './rows.ts'

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
  'in 1,000',
  'ratio',
]

/** Columns apart by room alone, so that the table fits a terminal. */
const BORDERLESS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((part) => [part, '']),
)

const LEGEND = [
  'verdict   kept: the row protects what it promises; control: it promises nothing, and the attacks succeed',
  'wire      a recording relay between the application and the server',
  'stranger  on the network, with neither certificate nor credentials',
  'insider   every right on the server: dumps its memory, changes a value, swaps two',
]

const NEXT = [
  'Use it in your service      README.md, "In your code"',
  'A runnable example          npm run example -- everything',
  'What each layer protects    README.md, "What each layer protects, and what it does not"',
]

/** The report as a table for people. */
export function renderTable(report: Report, color: boolean): string {
  const colors = pc.createColors(color)
  const table = new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  })
  const head = (text: string): string => colors.bold(text)
  table.push(
    [
      '',
      { content: head('on the wire'), colSpan: 3 },
      { content: head('a stranger'), colSpan: 2 },
      { content: head('an insider'), colSpan: 3 },
      { content: head('requests/s'), colSpan: 2 },
      '',
    ],
    [head('posture'), ...COLUMNS.map((name) => colors.dim(name)), head('verdict')],
  )
  for (const row of report.rows) table.push(cells(row, colors))
  return [
    '',
    `${head('What each layer really protects')}  memcached ${report.memcached}, Node ${report.node}`,
    '',
    table.toString().replaceAll(/ +$/gm, ''),
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
    { content: (cost.requestsPerSecond / 1000).toFixed(0), hAlign: 'right' },
    { content: cost.ratio.toFixed(2), hAlign: 'right' },
    paint(!kept ? 'BROKEN' : protects(row) ? 'kept' : 'control', colors),
  ]
}

/** Whether the row has a layer on; the one without shows that the attacks work. */
function protects(row: Row): boolean {
  return row.tls || row.sasl || row.encryption
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
