import { SEVERITIES, type Finding } from '../finding.ts'
import type { AuditReport, JudgedServer } from '../report.ts'

/** `1 critical, 2 high`, or that there are none. */
function countFindings(findings: readonly Pick<Finding, 'severity'>[]): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ count }) => count > 0)
  return counts.length === 0
    ? 'no findings'
    : counts.map(({ severity, count }) => `${String(count)} ${severity}`).join(', ')
}

/** The same of servers, with how many a baseline accepts: `no findings, 3 accepted`. */
export function countOutcome(servers: readonly Pick<JudgedServer, 'findings' | 'accepted'>[]): string {
  const accepted = servers.flatMap((server) => server.accepted).length
  const counts = countFindings(servers.flatMap(({ findings }) => findings))
  return accepted === 0 ? counts : `${counts}, ${String(accepted)} accepted`
}

/** What the audit of a server came to, in a few words: `not reached`, `1 high, not graded`. */
export function describeOutcome(server: JudgedServer): string {
  if (!server.reached) return 'not reached'
  return server.grade === undefined ? `${countOutcome([server])}, not graded` : countOutcome([server])
}

/** `1 server`, `2 servers`. */
export function countServers(count: number): string {
  return count === 1 ? '1 server' : `${String(count)} servers`
}

/** What to do first, for the worst finding of all; undefined where nothing is to be done. */
export function nextStep({ servers }: AuditReport): Finding | undefined {
  const findings = servers.flatMap((server) => server.findings)
  for (const severity of SEVERITIES.filter((one) => one !== 'info')) {
    const first = findings.find((finding) => finding.severity === severity)
    if (first !== undefined) return first
  }
  return undefined
}

/** `25 November 2026, 10:15 UTC`. */
export function formatDate(iso: string): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(iso)).replace(' at ', ', ')} UTC`
}
