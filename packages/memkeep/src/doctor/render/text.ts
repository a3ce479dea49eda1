import type { Colors } from '../../cli/output.ts'
import type { Finding, Severity } from '../finding.ts'
import { judgeServer } from '../grade.ts'
import type { AuditReport, Grade, JudgedServer } from '../report.ts'
import { displayText } from '@memkeep/core/internal'
import { countOutcome, countServers, describeOutcome, formatDate, nextStep } from './words.ts'
import { wrap } from './wrap.ts'

/** Lines of evidence that are shown of one finding; the other reports show all. */
const MAX_EVIDENCE = 3

const MIN_WIDTH = 60
const MAX_WIDTH = 100

/** How a line is coloured; its text is wrapped before. */
type Paint = (text: string) => string

/** Where text goes, in columns, and how it is coloured. */
interface Page {
  readonly width: number
  readonly colors: Colors
}

/** The report for a terminal of so many columns. */
export function renderText(report: AuditReport, colors: Colors, columns: number = MAX_WIDTH): string {
  const page = { width: Math.max(MIN_WIDTH, Math.min(columns, MAX_WIDTH)), colors }
  const ungraded = report.servers.filter(({ reached, grade }) => reached && grade === undefined).length
  const incomplete =
    ungraded === 0 ? '' : colors.yellow(` · incomplete: ${countServers(ungraded)} not graded`)
  const head = `${colors.bold('memkeep doctor')} ${colors.dim(`${report.tool}, ${formatDate(report.date)}`)}${incomplete}`
  return [
    head,
    ...report.servers.flatMap((server) => ['', ...renderServer(server, page)]),
    '',
    ...renderSummary(report, page),
    '',
  ].join('\n')
}

function renderServer(server: JudgedServer, page: Page): readonly string[] {
  const { colors, width } = page
  const version =
    server.version === undefined ? '' : colors.dim(` · memcached ${displayText(server.version)}`)
  const head = `${badge(server.grade, colors)} ${colors.bold(displayText(server.server))}${version}`
  if (!server.reached) {
    return [
      head,
      ...block('    ', displayText(server.failure ?? 'It was not reached.'), width, colors.yellow),
    ]
  }
  const label = Math.max(0, ...server.facts.map(({ name }) => name.length)) + 2
  const facts = server.facts.flatMap(({ name, value }) =>
    labelled(`    ${colors.dim(displayText(name).padEnd(label))}`, displayText(value), {
      indent: 4 + label,
      width,
    }),
  )
  const isEmpty = server.findings.length + server.accepted.length === 0
  const counts = isEmpty ? '' : `: ${countOutcome([server]).replace('no findings, ', '')}`
  const said = `${judgeServer(server)?.because ?? ''}${counts}`
  return [
    head,
    ...block('    ', said, width, colors.dim),
    ...(facts.length > 0 ? ['', ...facts] : []),
    ...server.findings.flatMap((finding) => ['', ...renderFinding(finding, page)]),
    ...renderUnknowns(server, page),
    ...renderAccepted(server, page),
  ]
}

function renderFinding(finding: Finding, page: Page): readonly string[] {
  const { colors, width } = page
  const { severity, title, id, detail, evidence, why, cure } = finding
  const line = (name: string, text: string, paint: Paint = same): readonly string[] =>
    labelled(`    ${colors.dim(name.padEnd(6))}`, displayText(text), { indent: 10, width, paint })
  const shown = evidence.slice(0, MAX_EVIDENCE)
  const more = evidence.length - shown.length
  return [
    ...labelled(`  ${paintSeverity(severity, colors)} `, displayText(title), {
      indent: 12,
      width: width - id.length - 2,
      paint: colors.bold,
    }).map((text, index) => (index === 0 ? `${text}  ${colors.dim(id)}` : text)),
    ...(detail === '' ? [] : line('what', detail)),
    ...shown.flatMap(({ sent, received }) => line('seen', `${sent} → ${received}`)),
    ...(more > 0 ? line('', `and ${String(more)} more, in --json and --html`, colors.dim) : []),
    ...line('why', why),
    ...line('cure', cure, colors.green),
  ]
}

function renderUnknowns({ unknowns }: JudgedServer, { colors, width }: Page): readonly string[] {
  if (unknowns.length === 0) return []
  return [
    '',
    `  ${colors.yellow('not known')}`,
    ...unknowns.flatMap((unknown) => labelled('    · ', displayText(unknown), { indent: 6, width })),
  ]
}

function renderAccepted({ accepted }: JudgedServer, { colors, width }: Page): readonly string[] {
  if (accepted.length === 0) return []
  return [
    '',
    `  ${colors.dim('accepted by the baseline')}`,
    ...accepted.flatMap(({ finding: { severity, title, detail }, reason }) =>
      labelled(
        '    · ',
        displayText(`${severity}: ${title}${detail === '' ? '' : ` (${detail})`}. ${reason}`),
        {
          indent: 6,
          width,
          paint: colors.dim,
        },
      ),
    ),
  ]
}

function renderSummary(report: AuditReport, page: Page): readonly string[] {
  const { colors, width } = page
  const { servers, grade, notes } = report
  const unreached = servers.filter(({ reached }) => !reached).length
  const parts = [
    countServers(servers.length),
    countOutcome(servers),
    ...(unreached > 0 ? [`${String(unreached)} not reached`] : []),
  ]
  const step = nextStep(report)
  const next =
    step === undefined
      ? []
      : labelled(`${colors.bold('Next')}  `, displayText(`${step.server}: ${step.title}. ${step.cure}`), {
          indent: 6,
          width,
        })
  return [
    colors.dim('─'.repeat(width)),
    ...(servers.length > 1
      ? [...servers.flatMap((server) => renderLine(server, page)), colors.dim('─'.repeat(width))]
      : []),
    ...labelled(`${badge(grade, colors)} `, parts.join('; '), { indent: 4, width }),
    ...notes.flatMap((note) =>
      labelled(colors.yellow('note') + '  ', displayText(note), { indent: 6, width }),
    ),
    ...(next.length > 0 ? ['', ...next] : []),
  ]
}

/** A server in a line of the summary. */
function renderLine(server: JudgedServer, page: Page): readonly string[] {
  const { colors, width } = page
  const text = displayText(`${server.server}: ${describeOutcome(server)}`)
  return labelled(`${badge(server.grade, colors)} `, text, { indent: 4, width })
}

/** Text after a label that takes `indent` columns; further lines stand under it. */
function labelled(
  label: string,
  text: string,
  { indent, width, paint = same }: { indent: number; width: number; paint?: Paint },
): readonly string[] {
  return wrap(text, Math.max(16, width - indent)).map(
    (line, index) => `${index === 0 ? label : ' '.repeat(indent)}${paint(line)}`,
  )
}

function block(indent: string, text: string, width: number, paint: Paint): readonly string[] {
  return wrap(text, width - indent.length).map((line) => `${indent}${paint(line)}`)
}

function badge(grade: Grade | undefined, colors: Colors): string {
  const text = ` ${grade ?? '?'} `
  if (grade === undefined) return colors.inverse(colors.yellow(text))
  const paint = { A: colors.green, B: colors.green, C: colors.yellow, D: colors.red, F: colors.red }[grade]
  return colors.bold(colors.inverse(paint(text)))
}

function paintSeverity(severity: Severity, colors: Colors): string {
  const text = severity.toUpperCase().padEnd(9)
  const paint = {
    critical: (words: string) => colors.bold(colors.red(words)),
    high: colors.red,
    medium: colors.yellow,
    low: colors.cyan,
    info: colors.dim,
  }[severity]
  return paint(text)
}

function same(text: string): string {
  return text
}
