import { SEVERITIES, type Finding } from '../finding.ts'
import type { AuditReport } from '../report.ts'

/** `1 critical, 2 high`, or that there are none. */
export function countFindings(findings: readonly Pick<Finding, 'severity'>[]): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ count }) => count > 0)
  return counts.length === 0
    ? 'no findings'
    : counts.map(({ severity, count }) => `${String(count)} ${severity}`).join(', ')
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
