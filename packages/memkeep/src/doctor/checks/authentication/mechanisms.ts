import type { CheckContext, Conversation } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import type { Evidence, Finding } from '../../finding.ts'
import { askFrame, OPCODE, STATUS } from '../../parse/frame.ts'
import { found, foundOpen, type CurableRule } from '../found.ts'
import { withFriend, withStranger } from '../visits.ts'
import { AUTHENTICATION_RULES as RULES } from './rules.ts'

/** No server lists more; what does is not read. */
const MAX_MECHANISMS = 30

/** Mechanisms that are a finding wherever they are offered. */
const WEAK: ReadonlyMap<string, CurableRule> = new Map<string, CurableRule>([
  ['ANONYMOUS', RULES.saslAnonymous],
  ['CRAM-MD5', RULES.cramMd5],
  ['DIGEST-MD5', RULES.digestMd5],
  ['NTLM', RULES.ntlm],
  ['LOGIN', RULES.login],
])

/** They keep the password to the client, or have none. */
const KEEP_THE_PASSWORD = /^(SCRAM-|EXTERNAL$|GSSAPI$|GS2-|GSS-SPNEGO$|SRP$)/

/** They say the password as it is. */
const SAY_THE_PASSWORD: ReadonlySet<string> = new Set(['PLAIN', 'LOGIN'])

/** The SASL mechanisms that a server lists: to a stranger, else to a friend. Undefined where it lists none. */
export async function readMechanisms(context: CheckContext): Promise<readonly string[] | undefined> {
  const told = await withStranger(context, askMechanisms)
  if (told !== undefined || context.friendProtocol !== 'binary') return told
  return await withFriend(context, askMechanisms)
}

async function askMechanisms(conversation: Conversation): Promise<readonly string[] | undefined> {
  const frame = await askFrame(conversation, { opcode: OPCODE.listMechanisms })
  if (frame?.status !== STATUS.success) return undefined
  return frame.value
    .toString('latin1', 0, 1_024)
    .split(/[\s\0]+/)
    .filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name))
    .slice(0, MAX_MECHANISMS)
}

/** What is wrong with the mechanisms that are offered. */
export async function judgeMechanisms(
  context: CheckContext,
  mechanisms: readonly string[],
): Promise<readonly Finding[]> {
  const evidence: readonly Evidence[] = [
    wordedEvidence('SASL LIST MECHS (binary)', mechanisms.join(' ') || 'no mechanism'),
  ]
  const findings: Finding[] = []
  for (const name of mechanisms) {
    const rule = WEAK.get(name)
    if (rule !== undefined) findings.push(found(context, rule, { evidence }))
  }
  if (isReadable(context)) {
    const said = mechanisms.filter((name) => SAY_THE_PASSWORD.has(name))
    if (said.length > 0) {
      findings.push(await foundOpen(context, RULES.plainWithoutTls, { detail: said.join(', '), evidence }))
    }
    findings.push(await foundOpen(context, RULES.saslWithoutTls, { evidence }))
  }
  if (!mechanisms.some((name) => KEEP_THE_PASSWORD.test(name))) {
    findings.push(
      found(context, RULES.noScram, { detail: `it offers ${mechanisms.join(', ') || 'nothing'}`, evidence }),
    )
  }
  return findings
}

/** Whether passwords could be read on the way: without TLS, and not through a file of one machine. */
export function isReadable({ endpoint, speaks }: CheckContext): boolean {
  return speaks.plain && !('path' in endpoint)
}
