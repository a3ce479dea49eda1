import { parseEndpoint } from '@memkeep/core'
import type { Check, CheckContext, CheckResult } from '../../src/doctor/check.ts'
import { openServerAudit, type ServerAuditOptions } from '../../src/doctor/engine/server-audit.ts'

/** What checks came to, with nothing left out. */
export type Outcome = Required<CheckResult>

/** Runs checks against a server as an audit does, but so that a check that throws fails the test. */
export async function runChecks(
  address: string,
  checks: readonly Check[],
  options: ServerAuditOptions = {},
  before: (context: CheckContext) => void = () => undefined,
): Promise<Outcome> {
  const ending = new AbortController()
  const audit = await openServerAudit(parseEndpoint(address), options, ending.signal)
  if (typeof audit === 'string') throw new Error(`${address} cannot be audited: ${audit}`)
  try {
    before(audit.context)
    const results: CheckResult[] = []
    for (const check of checks) results.push(await check(audit.context))
    return {
      facts: results.flatMap(({ facts = [] }) => facts),
      findings: results.flatMap(({ findings = [] }) => findings),
      unknowns: results.flatMap(({ unknowns = [] }) => unknowns),
      isUnknown: results.some(({ isUnknown }) => isUnknown),
    }
  } finally {
    audit.close()
    ending.abort()
  }
}

/** Findings as a table holds them: `id severity`, sorted. */
export function idsOf({ findings }: Pick<Outcome, 'findings'>): readonly string[] {
  return findings.map(({ id, severity }) => `${id} ${severity}`).sort()
}
