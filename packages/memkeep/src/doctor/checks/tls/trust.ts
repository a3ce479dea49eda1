import type { X509Certificate } from 'node:crypto'
import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'
import { tls } from '@memkeep/tls'
import type { CheckContext, CheckResult } from '../../check.ts'
import { BOUNDS } from '../../engine/bounds.ts'
import { isTls } from '../../engine/is-tls.ts'
import { wordedEvidence } from '../../evidence.ts'
import { found, type CurableRule } from '../found.ts'
import { certificateEvidence, isSelfSigned, oneLine } from './certificate.ts'
import { TLS_RULES as RULES } from './rules.ts'

/** What a client that verifies says of a certificate, and that is not told by the certificate alone. */
const VERDICTS: Readonly<Partial<Record<MemkeepErrorCode, CurableRule>>> = {
  ERR_MEMKEEP_TLS_UNKNOWN_CA: RULES.untrusted,
  ERR_MEMKEEP_TLS_INCOMPLETE_CHAIN: RULES.untrusted,
  ERR_MEMKEEP_TLS_INVALID_CHAIN: RULES.invalidChain,
  ERR_MEMKEEP_TLS_SELF_SIGNED: RULES.selfSigned,
  ERR_MEMKEEP_TLS_WRONG_PURPOSE: RULES.wrongPurpose,
  ERR_MEMKEEP_TLS_CERTIFICATE_REVOKED: RULES.revoked,
  ERR_MEMKEEP_TLS_PIN_MISMATCH: RULES.pinMismatch,
  ERR_MEMKEEP_TLS_WEAK_KEY: RULES.weakKey,
  ERR_MEMKEEP_TLS_WEAK_SIGNATURE: RULES.weakSignature,
  ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED: RULES.expired,
  ERR_MEMKEEP_TLS_CERTIFICATE_NOT_YET_VALID: RULES.notYetValid,
  ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH: RULES.wrongName,
  ERR_MEMKEEP_TLS_IP_MISMATCH: RULES.wrongName,
  ERR_MEMKEEP_TLS_NO_SUBJECT_ALT_NAME: RULES.wrongName,
}

/** Of them, those that say that the authority is not trusted here. */
const DISTRUST: ReadonlySet<CurableRule> = new Set([RULES.untrusted, RULES.selfSigned])

/** Of them, those that are looked for once the authority is trusted. The others hide that it is not. */
const AFTERWARDS: ReadonlySet<CurableRule> = new Set([RULES.wrongName, RULES.pinMismatch])

/**
 * Whether a client that verifies takes the certificate: the user's own, else one that trusts Node's default
 * authorities. Without the user's word on whom to trust, a private authority is no finding.
 */
export async function checkTrust(
  context: CheckContext,
  chain: readonly X509Certificate[],
): Promise<CheckResult> {
  const [own] = chain
  if (own === undefined) return {}
  const { friendTransport } = context
  const given = friendTransport !== undefined && isTls(friendTransport) && friendTransport.confidential
  const verdict = await verify(context)
  const by = given ? 'by the authorities that were given' : "by Node's default authorities"
  if (verdict === 'trusted') return { facts: [{ name: 'Chain', value: `trusted ${by}` }] }
  const rule = verdict === undefined ? undefined : VERDICTS[verdict.code]
  if (rule === undefined) {
    return {
      unknowns: ['Whether its certificate is trusted: the handshake that should tell did not get so far.'],
    }
  }
  const issuer = oneLine(own.issuer)
  if (DISTRUST.has(rule) && isSelfSigned(own)) {
    return { findings: [found(context, RULES.selfSigned, { evidence: [certificateEvidence(own)] })] }
  }
  if (DISTRUST.has(rule) && !given) {
    return {
      unknowns: [
        `Whether clients trust its certificate: "${issuer}" issued it, which is none of Node's default authorities. Say whom to trust by --ca.`,
      ],
    }
  }
  const unknowns =
    DISTRUST.has(rule) || AFTERWARDS.has(rule)
      ? []
      : ['Whether the authority of its certificate is trusted: what else is wrong with it hides that.']
  const detail = DISTRUST.has(rule) ? `issued by ${issuer}` : 'it, or one above it'
  const evidence = [certificateEvidence(own), wordedEvidence(`verification ${by}`, codeOf(verdict))]
  return { findings: [found(context, rule, { detail, evidence })], unknowns }
}

/** What a client that verifies says; undefined where it did not get so far. */
async function verify(context: CheckContext): Promise<MemkeepError | 'trusted' | undefined> {
  const { friendTransport, endpoint, signal } = context
  const transport =
    friendTransport !== undefined && isTls(friendTransport) && friendTransport.confidential
      ? friendTransport
      : tls({ watchInterval: 0, warnBefore: 0 })
  const ending = new AbortController()
  const end = (): void => {
    ending.abort(new Error('the time is over'))
  }
  const timer = setTimeout(end, BOUNDS.connect)
  signal.addEventListener('abort', end, { once: true })
  try {
    const channel = await transport.connect(endpoint, { signal: ending.signal })
    channel.destroy()
    return 'trusted'
  } catch (error) {
    if (!(error instanceof MemkeepError)) return undefined
    // a server looks at a client's certificate when the client has taken its own
    return error.code.startsWith('ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_') ? 'trusted' : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function codeOf(verdict: MemkeepError | undefined): string {
  const { code } = (verdict?.cause ?? {}) as { readonly code?: string }
  return code ?? verdict?.code ?? ''
}
