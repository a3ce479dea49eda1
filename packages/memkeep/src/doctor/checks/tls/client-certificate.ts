import type { CheckContext, CheckResult } from '../../check.ts'
import { createAuthority, issueClient } from '../../../certs/issue.ts'
import { wordedEvidence } from '../../evidence.ts'
import type { Evidence } from '../../finding.ts'
import { found } from '../found.ts'
import { meet, type Meeting } from './meeting.ts'
import { TLS_RULES as RULES } from './rules.ts'

/**
 * Whether a client certificate is required, asked for, or neither: told by how a stranger fares without one, and with
 * one of an authority that was made up for it.
 */
export async function checkClientCertificate(context: CheckContext, without: Meeting): Promise<CheckResult> {
  const made = await meet(context, await makeUp())
  const evidence: readonly Evidence[] = [
    wordedEvidence('TLS without a client certificate, then version', describe(without)),
    wordedEvidence('TLS with a client certificate that was made up, then version', describe(made)),
  ]
  if (without.outcome === 'in') {
    if (made.outcome === 'in') return fact('not asked for')
    if (made.outcome === 'silent') return unclear
    return {
      ...fact('asked for, not required'),
      findings: [found(context, RULES.optionalClientCertificate, { evidence })],
    }
  }
  if (without.outcome === 'refused' && made.outcome === 'refused') return fact('required')
  if (without.outcome === 'refused' && made.outcome === 'in') {
    return {
      ...fact('required, any will do'),
      findings: [found(context, RULES.anyClientCertificate, { evidence })],
    }
  }
  return unclear
}

const unclear: CheckResult = {
  unknowns: ['Whether a client certificate is required: the server did not answer over TLS, nor break off.'],
}

function fact(value: string): CheckResult {
  return { facts: [{ name: 'Client certificate', value }] }
}

function describe({ outcome, answer }: Meeting): string {
  return outcome === 'in' ? 'answered' : outcome === 'silent' ? 'no answer' : `refused (${answer})`
}

/** A certificate that no server can know. */
async function makeUp(): Promise<{ readonly cert: string; readonly key: string }> {
  const name = 'memkeep-doctor, a stranger'
  return issueClient(await createAuthority({ name, days: 1 }), { name, days: 1 })
}
