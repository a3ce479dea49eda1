import type { Check, CheckContext, CheckResult } from '../check.ts'
import { lineEvidence } from '../evidence.ts'
import { SEVERITIES, type Finding, type Severity } from '../finding.ts'
import { describeCondition, evaluate, type Observed } from '../versions/conditions.ts'
import { KNOWN_FAULTS, type KnownFault } from '../versions/known-faults.ts'
import { RELEASES, TABLE_DATE } from '../versions/releases.ts'
import { compareVersions, formatVersion, parseVersion, type Version } from '../versions/version.ts'
import { found, foundOpen, type CurableRule } from './found.ts'

/** The newest release that the table knows. */
export const LATEST_RELEASE: string = Object.keys(RELEASES).at(-1) ?? ''

/** Days after which a release counts as outdated, counted back from the day of the table. */
const OUTDATED_AFTER_DAYS = 730

export const OUTDATED: CurableRule = {
  id: 'outdated',
  area: 'version',
  severity: 'low',
  title: 'It is over two years old',
  why: 'memcached mends faults in its newest release alone: one that is found today is mended for nobody who stays behind.',
  cure: `Upgrade to memcached ${LATEST_RELEASE}, or to the newest that your distribution keeps mended.`,
}

/** What a version alone cannot tell. */
const BACKPORTS =
  'Distributions mend faults without changing the version, and the version is all that the server shows of itself: see the changelog of its package (`apt changelog memcached`, `rpm -q --changelog memcached`), and accept in a baseline what it mended.'

/** What is known to be wrong with the server's version of memcached. */
export const checkVersion: Check = async (context) => {
  if (context.version === undefined) {
    return { unknowns: ['The version, and what is known to be wrong with it: the server does not tell it.'] }
  }
  const version = parseVersion(context.version)
  if (version === undefined) {
    return {
      unknowns: [
        `What is known to be wrong with version "${context.version}": it is none of memcached's, so this is a proxy, or another server that speaks its protocol.`,
      ],
    }
  }
  return judge(context, version)
}

async function judge(context: CheckContext, version: Version): Promise<CheckResult> {
  const settings = await context.readSettings()
  const { endpoint, speaks, strangerProtocol } = context
  const observed = {
    endpoint,
    speaks,
    strangerProtocol,
    version: context.version,
    settings: settings?.values,
  }
  const evidence = [lineEvidence('version', `VERSION ${context.version ?? ''}`)]
  const strangersRunCommands = settings?.toldTo === 'stranger'
  const findings: Finding[] = []
  for (const fault of KNOWN_FAULTS.filter((one) => has(version, one))) {
    const rule = toRule(fault, observed, strangersRunCommands)
    if (rule === undefined) continue
    const foundIt = fault.reach === 'none' ? found : foundOpen
    findings.push(await foundIt(context, rule, { detail: rule.detail, evidence }))
  }
  const released = RELEASES[formatVersion(version)]
  const outdated = isOutdated(version)
  return {
    facts: released === undefined ? [] : [{ name: 'Released', value: released }],
    findings: outdated
      ? [...findings, found(context, OUTDATED, { detail: age(version, released), evidence })]
      : findings,
    unknowns: [
      ...(findings.length > 0 ? [BACKPORTS] : []),
      ...(isNewer(version)
        ? [
            `What was found out about memcached since ${LATEST_RELEASE}: the table of this memkeep is of ${TABLE_DATE}. Use a newer memkeep.`,
          ]
        : []),
    ],
  }
}

/**
 * A fault as a rule for this server, undefined where it cannot show it. It is one step less bad for each reason: that
 * its condition cannot be seen, and that it takes commands which strangers may not run.
 */
function toRule(
  fault: KnownFault,
  observed: Observed,
  strangersRunCommands: boolean,
): (CurableRule & { readonly detail: string }) | undefined {
  const answer = evaluate(fault.needs, observed)
  if (answer === 'no') return undefined
  const reasons = [
    ...(answer === 'unknown' ? [describeCondition(fault.needs)] : []),
    ...(fault.reach === 'client' && !strangersRunCommands ? ['by clients that are let in'] : []),
  ]
  const { id, area, title, why } = fault
  return {
    id,
    area,
    title,
    why,
    severity: lower(fault.severity, reasons.length),
    cure: cure(fault),
    detail: [`memcached ${observed.version ?? ''}`, ...reasons, sourceOf(fault)].join(', '),
  }
}

function has(version: Version, { from, fixedIn }: KnownFault): boolean {
  const [first, fixed] = [from, fixedIn].map((text) => (text === undefined ? undefined : parseVersion(text)))
  return (
    (first === undefined || compareVersions(version, first) >= 0) &&
    (fixed === undefined || compareVersions(version, fixed) < 0)
  )
}

function cure({ fixedIn, otherwise }: KnownFault): string {
  const upgrade = `Upgrade to memcached ${fixedIn} or later; ${LATEST_RELEASE} is the newest known here.`
  return otherwise === undefined ? upgrade : `${upgrade} Until then, ${otherwise}.`
}

function sourceOf({ cves, commit }: KnownFault): string {
  return cves.length > 0 ? cves.join(' and ') : `mended by memcached's commit ${commit.slice(0, 9)}`
}

function lower(severity: Severity, steps: number): Severity {
  return SEVERITIES[Math.min(SEVERITIES.indexOf(severity) + steps, SEVERITIES.length - 1)] ?? severity
}

function isNewer(version: Version): boolean {
  const latest = parseVersion(LATEST_RELEASE)
  return latest !== undefined && compareVersions(version, latest) > 0
}

/** Whether its release was over two years before the table's day; one before the oldest in the table was. */
function isOutdated(version: Version): boolean {
  const oldest = parseVersion(Object.keys(RELEASES)[0] ?? '')
  if (oldest !== undefined && compareVersions(version, oldest) < 0) return true
  const released = RELEASES[formatVersion(version)]
  return (
    released !== undefined && Date.parse(TABLE_DATE) - Date.parse(released) > OUTDATED_AFTER_DAYS * 86_400_000
  )
}

function age(version: Version, released: string | undefined): string {
  return `memcached ${formatVersion(version)}${released === undefined ? '' : ` of ${released}`}, ${LATEST_RELEASE} is the newest known here`
}
