import type { Check, CheckContext, CheckResult } from '../../check.ts'
import type { Reach } from '../../engine/addresses.ts'
import { isFragile } from '../../engine/discovery.ts'
import { lineEvidence, wordedEvidence } from '../../evidence.ts'
import type { Finding, Severity } from '../../finding.ts'
import { suiteName } from '../../tls-wire/suites.ts'
import { found } from '../found.ts'
import { spreadOf } from '../reachability/spread.ts'
import { describeCertificate, judgeCertificate } from './certificate.ts'
import { checkClientCertificate } from './client-certificate.ts'
import { meet } from './meeting.ts'
import { tryOffers, type Offer } from './offers.ts'
import { checkResumption } from './resumption.ts'
import { TLS_RULES as RULES } from './rules.ts'
import { weaknessOf } from './suite-weakness.ts'
import { checkTrust } from './trust.ts'

/** What the server's TLS is worth. */
export const checkTls: Check = async (context) => {
  if (!context.speaks.tls) return checkPlain(context)
  const fragile = isFragile(context.version)
  const offers = fragile ? [] : await tryOffers(context)
  const first = await meet(context)
  const [own] = first.chain
  const judged = judgeCertificate(context, first.chain)
  const accepted = new Set<string>(
    offers.filter((offer) => offer.accepted === true).map(({ version }) => version.name),
  )
  const results: readonly CheckResult[] = [
    fragile ? UNTRIED : judgeOffers(context, offers),
    own === undefined
      ? { unknowns: [`What certificate it shows: no handshake was completed (${first.answer}).`] }
      : { facts: [{ name: 'Certificate', value: describeCertificate(own) }], findings: judged },
    withoutRepeats(await checkTrust(context, first.chain), judged),
    await checkClientCertificate(context, first),
    first.outcome === 'in'
      ? await checkResumption(context, accepted)
      : { unknowns: ['Whether TLS sessions are resumed: no stranger gets far enough to try.'] },
  ]
  return {
    facts: results.flatMap(({ facts = [] }) => facts),
    findings: results.flatMap(({ findings = [] }) => findings),
    unknowns: results.flatMap(({ unknowns = [] }) => unknowns),
  }
}

const UNTRIED: CheckResult = {
  unknowns: [
    'Which versions of TLS and cipher suites are accepted, and whether plaintext is: this version of memcached would not survive being asked.',
  ],
}

const SEVERITY_OF_PLAIN: Readonly<Record<Reach, Severity>> = {
  public: 'critical',
  private: 'high',
  loopback: 'info',
}

/** On a Unix socket nobody is in between. A listener without TLS beside one with it is found elsewhere. */
async function checkPlain(context: CheckContext): Promise<CheckResult> {
  if ('path' in context.endpoint)
    return { facts: [{ name: 'TLS', value: 'none, and none needed on a Unix socket' }] }
  const settings = await context.readSettings()
  const facts = [{ name: 'TLS', value: 'none' }]
  if (settings?.values.get('ssl_enabled') === 'yes') return { facts }
  const reach = spreadOf(context, settings)
  const evidence = [
    wordedEvidence('ClientHello', 'no TLS'),
    lineEvidence('version (without TLS)', 'answered'),
  ]
  const detail = reach === 'loopback' ? 'on loopback, where only this machine is on the way' : ''
  return {
    facts,
    findings: [found(context, RULES.noTls, { detail, evidence, severity: SEVERITY_OF_PLAIN[reach] })],
  }
}

function judgeOffers(context: CheckContext, offers: readonly Offer[]): CheckResult {
  const accepted = offers.filter((offer) => offer.accepted === true)
  const unknowns = offers.flatMap(({ version: { name }, accepted: taken, incomplete }) => [
    ...(taken === undefined ? [`Whether ${name} is accepted: the server did not answer.`] : []),
    ...(incomplete === undefined ? [] : [`Which more cipher suites ${name} has here: ${incomplete}.`]),
  ])
  const findings: Finding[] = []
  const old = accepted.filter(({ version }) => version.code < 0x0303)
  if (old.length > 0) {
    findings.push(
      found(context, RULES.oldVersion, {
        detail: old.map(({ version }) => version.name).join(', '),
        evidence: old.map(({ version, answer }) => wordedEvidence(`ClientHello ${version.name}`, answer)),
      }),
    )
  }
  const [newest] = offers.slice(-1)
  if (newest?.accepted === false && accepted.length > 0) {
    const evidence = [wordedEvidence(`ClientHello ${newest.version.name}`, newest.answer)]
    findings.push(found(context, RULES.noTls13, { evidence }))
  }
  return {
    facts: [
      {
        name: 'TLS',
        value: accepted.map(({ version }) => version.name).join(', ') || 'no version is accepted',
      },
      ...accepted.map(({ version, suites }) => ({
        name: `${version.name} suites`,
        value: suites.map(suiteName).join(', '),
      })),
    ],
    findings: [...findings, ...findWeakSuites(context, accepted)],
    unknowns,
  }
}

/** How many suites evidence shows; the detail has them all. */
const MAX_EVIDENCE = 3

function findWeakSuites(context: CheckContext, accepted: readonly Offer[]): Finding[] {
  const all = accepted.flatMap(({ version, suites }) =>
    suites.map((suite) => ({ version: version.name, suite: suiteName(suite), rule: weaknessOf(suite) })),
  )
  return [...groupBy(all, ({ rule }) => rule)].flatMap(([rule, weak]) => {
    if (rule === undefined) return []
    const byVersion = groupBy(weak, ({ version }) => version)
    const bySuites = groupBy([...byVersion], ([, group]) => group.map(({ suite }) => suite).join(', '))
    const detail = [...bySuites].map(
      ([suites, versions]) => `${versions.map(([version]) => version).join(', ')}: ${suites}`,
    )
    const evidence = weak
      .slice(0, MAX_EVIDENCE)
      .map(({ version, suite }) =>
        wordedEvidence(
          `ClientHello ${version} with ${suite} among others`,
          `ServerHello ${version} ${suite}`,
        ),
      )
    return [found(context, rule, { detail: detail.join('; '), evidence })]
  })
}

/** Items by what they have in common, in the order in which that first shows. */
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** Without what the certificate itself told already. */
function withoutRepeats(result: CheckResult, judged: readonly Finding[]): CheckResult {
  const { findings = [] } = result
  return { ...result, findings: findings.filter(({ id }) => !judged.some((each) => each.id === id)) }
}
