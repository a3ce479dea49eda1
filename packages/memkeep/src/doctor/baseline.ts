import type { BaselineEntry } from './baseline-file.ts'
import { SEVERITIES, type Finding } from './finding.ts'
import type { Accepted, JudgedServer, ServerReport } from './report.ts'

/** What a baseline made of findings. */
export interface Applied {
  readonly servers: readonly (ServerReport & { readonly accepted: readonly Accepted[] })[]
  /** What is to be known of the baseline itself. */
  readonly notes: readonly string[]
}

/**
 * Takes the findings that a baseline accepts out of reports. An entry accepts findings of its own rule and server, and
 * of its detail where it has one, that are no worse than it says, until its day is over.
 *
 * @param today such as `2026-11-25`, in UTC
 */
export function applyBaseline(
  reports: readonly ServerReport[],
  entries: readonly BaselineEntry[],
  today: string,
): Applied {
  const valid = entries.filter((entry) => !isExpired(entry, today))
  const used = new Set<BaselineEntry>()
  const servers = reports.map((report) => {
    const accepted: Accepted[] = []
    const findings = report.findings.filter((finding) => {
      const entry = valid.find((one) => accepts(one, finding))
      if (entry === undefined) return true
      used.add(entry)
      accepted.push({ finding, reason: entry.reason })
      return false
    })
    return { ...report, findings, accepted }
  })
  return { servers, notes: entries.flatMap((entry) => noteOn(entry, reports, used, today) ?? []) }
}

/**
 * The baseline that accepts what was found. Entries of before keep their reasons and days where they still accept
 * something, and are kept as they are where their server was not looked at.
 */
export function makeBaseline(
  servers: readonly JudgedServer[],
  before: readonly BaselineEntry[],
  today: string,
): readonly BaselineEntry[] {
  const valid = before.filter((entry) => !isExpired(entry, today))
  const known = servers.flatMap(({ findings, accepted }) => [
    ...findings,
    ...accepted.map(({ finding }) => finding),
  ])
  const looked = new Set(servers.filter(({ reached }) => reached).map(({ server }) => server))
  const kept = valid.filter((entry) => !looked.has(entry.server) || known.some((one) => accepts(entry, one)))
  return known.reduce<readonly BaselineEntry[]>(
    (entries, finding) =>
      entries.some((entry) => accepts(entry, finding)) ? entries : [...entries, toEntry(finding, today)],
    kept,
  )
}

function toEntry({ id, server, detail, severity }: Finding, today: string): BaselineEntry {
  const reason = `Accepted on ${today} as it was. Say here why.`
  return { rule: id, server, ...(detail !== '' && { detail }), severity, reason }
}

function accepts({ rule, server, detail, severity }: BaselineEntry, finding: Finding): boolean {
  return (
    rule === finding.id &&
    server === finding.server &&
    (detail === undefined || detail === finding.detail) &&
    SEVERITIES.indexOf(finding.severity) >= SEVERITIES.indexOf(severity)
  )
}

function isExpired({ until }: BaselineEntry, today: string): boolean {
  return until !== undefined && until < today
}

/** What is to be known of an entry: that it accepts nothing any more, and why. */
function noteOn(
  entry: BaselineEntry,
  reports: readonly ServerReport[],
  used: ReadonlySet<BaselineEntry>,
  today: string,
): string | undefined {
  const { rule, server, severity, until } = entry
  const name = `The baseline's "${rule}" of ${server}`
  if (isExpired(entry, today)) {
    return `${name} expired on ${until ?? ''}: mend it, or accept it anew.`
  }
  const report = reports.find((one) => one.server === server)
  if (used.has(entry) || report?.reached !== true) return undefined
  const same = report.findings.filter((finding) => finding.id === rule)
  if (same.length === 0) return `${name} accepts nothing any more: remove it.`
  if (same.every((finding) => SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(severity))) {
    return `${name} was accepted as ${severity}, and is worse now.`
  }
  return `${name} accepts another detail than what was found.`
}
