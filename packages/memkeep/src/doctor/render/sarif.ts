import { createHash } from 'node:crypto'
import { SEVERITIES, type Finding, type Severity } from '../finding.ts'
import { worstSeverity } from '../grade.ts'
import type { AuditReport } from '../report.ts'
import { displayText } from '@memkeep/core/internal'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

/** SARIF's levels (SARIF 2.1.0, section 3.27.10). */
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}

/** What code scanning sorts by: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low; none for remarks. */
const SCORES: Readonly<Record<Severity, string | undefined>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
  info: undefined,
}

/** A finding, and why it is accepted where it is. */
interface Result {
  readonly finding: Finding
  readonly accepted?: string
}

/** The report as a SARIF 2.1.0 log, as code-scanning views take it. */
export function renderSarif(report: AuditReport): string {
  const { tool, date, servers } = report
  const results: readonly Result[] = servers.flatMap(({ findings, accepted }) => [
    ...findings.map((finding) => ({ finding })),
    ...accepted.map(({ finding, reason }) => ({ finding, accepted: reason })),
  ])
  const rules = [...new Set(results.map(({ finding }) => finding.id))].sort()
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'memkeep doctor',
            semanticVersion: tool,
            rules: rules.map((id) =>
              toRule(results.map(({ finding }) => finding).filter((one) => one.id === id)),
            ),
          },
        },
        automationDetails: { id: 'memkeep-doctor/' },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: servers.every(({ grade }) => grade !== undefined),
            endTimeUtc: date,
            toolExecutionNotifications: servers.flatMap(({ server, failure, unknowns }) => [
              ...(failure === undefined ? [] : [notification('error', server, failure)]),
              ...unknowns.map((unknown) => notification('note', server, unknown)),
            ]),
          },
        ],
        results: results.map((result) => toResult(result, rules)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** A rule, as bad as the worst of what it found. */
function toRule(findings: readonly Finding[]): object {
  const severity = worstSeverity(findings) ?? SEVERITIES[4]
  const [first] = findings
  if (first === undefined) throw new TypeError('findings must not be empty')
  const { id, area, title, why, cure } = first
  const score = SCORES[severity]
  return {
    id,
    name: id.replace(/(^|-)([a-z\d])/g, (_, _dash, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${title}.` },
    fullDescription: { text: why },
    help: { text: `${why} Cure: ${cure}`, markdown: `${why}\n\n**Cure.** ${cure}` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ['security', 'memcached', area],
      precision: 'high',
      ...(score !== undefined && { 'security-severity': score }),
    },
  }
}

function toResult({ finding, accepted }: Result, rules: readonly string[]): object {
  const { id, server, severity, title, detail, evidence, cure } = finding
  const seen = evidence.map(({ sent, received }) => ` Sent: ${sent}. Received: ${received}.`).join('')
  const what = detail === '' ? title : `${title}: ${detail}`
  const fingerprint = fingerprintOf(finding)
  return {
    ruleId: id,
    ruleIndex: rules.indexOf(id),
    level: LEVELS[severity],
    message: { text: plainText(`${server}: ${what}.${seen} Cure: ${cure}`) },
    locations: [
      {
        // views of code want a file: each server has a path of its own, where there is none
        physicalLocation: { artifactLocation: { uri: toUri(server) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: server, kind: 'resource' }],
      },
    ],
    partialFingerprints: {
      'memkeepFinding/v1': fingerprint,
      primaryLocationLineHash: `${fingerprint.slice(0, 16)}:1`,
    },
    suppressions:
      accepted === undefined ? [] : [{ kind: 'external', status: 'accepted', justification: accepted }],
  }
}

/** The same for the same finding in every audit, however bad it is and whatever the evidence. */
function fingerprintOf({ id, server, detail }: Finding): string {
  return createHash('sha256')
    .update(JSON.stringify([id, server, detail]))
    .digest('hex')
}

/** A relative URI: `memcached/cache1/11211`, `memcached/run/memcached.sock`. */
function toUri(server: string): string {
  const parts = server.startsWith('/') ? server.slice(1).split('/') : [server.replace(/:(\d+)$/, '/$1')]
  const path = parts.flatMap((part) => part.split('/')).map((part) => encodeURIComponent(part))
  return ['memcached', ...path].join('/')
}

/** Text of a message, in which nothing that a server sent becomes a link (SARIF 2.1.0, section 3.11.6). */
function plainText(text: string): string {
  return displayText(text).replace(/[\\[\]]/g, '\\$&')
}

function notification(level: 'error' | 'note', server: string, text: string): object {
  return { level, message: { text: plainText(`${server}: ${text}`) } }
}
