import type { CheckContext, CheckResult } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import { found } from '../found.ts'
import { meet } from './meeting.ts'
import { TLS_RULES as RULES } from './rules.ts'

/** The versions whose resumption is tried, as Node names them. */
const VERSIONS = [
  { name: 'TLS 1.2', node: 'TLSv1.2' },
  { name: 'TLS 1.3', node: 'TLSv1.3' },
] as const

/** Whether sessions are resumed, by tickets or by the server's memory. `accepted`: the versions to try. */
export async function checkResumption(
  context: CheckContext,
  accepted: ReadonlySet<string>,
): Promise<CheckResult> {
  const ways: string[] = []
  const findings = []
  for (const { name, node } of VERSIONS) {
    if (!accepted.has(name)) continue
    const only = { minVersion: node, maxVersion: node }
    const { session } = await meet(context, only)
    if (session === undefined) continue
    const { resumed } = await meet(context, { ...only, session: session.data })
    if (!resumed) continue
    const way = session.ticket ? 'ticket' : 'session id'
    ways.push(`${name} by ${way}`)
    if (name !== 'TLS 1.2' || !session.ticket) continue
    const evidence = [wordedEvidence('TLS 1.2 with the ticket of an earlier connection', 'session resumed')]
    findings.push(found(context, RULES.tickets, { evidence }))
  }
  return {
    facts: [{ name: 'Session resumption', value: ways.length === 0 ? 'none' : ways.join(', ') }],
    findings,
  }
}
