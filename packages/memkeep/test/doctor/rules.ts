import type { Rule } from '../../src/doctor/finding.ts'
import { AUTHENTICATION_RULES } from '../../src/doctor/checks/authentication/rules.ts'
import { DATA_RULES } from '../../src/doctor/checks/data/rules.ts'
import { DISCLOSURE_RULES } from '../../src/doctor/checks/disclosure/rules.ts'
import { KEYS_RULES } from '../../src/doctor/checks/keys/rules.ts'
import { REACHABILITY_RULES } from '../../src/doctor/checks/reachability/rules.ts'
import { TLS_RULES } from '../../src/doctor/checks/tls/rules.ts'
import { OUTDATED } from '../../src/doctor/checks/version.ts'
import { KNOWN_FAULTS } from '../../src/doctor/versions/known-faults.ts'

/** Every rule of the audit but those of known faults, in the order in which areas are looked at. */
export const RULES: readonly Rule[] = [
  ...[REACHABILITY_RULES, TLS_RULES, AUTHENTICATION_RULES, DISCLOSURE_RULES].flatMap((rules) =>
    Object.values<Rule>(rules),
  ),
  OUTDATED,
  ...[DATA_RULES, KEYS_RULES].flatMap((rules) => Object.values<Rule>(rules)),
]

/** The table of them in docs/doctor.md, a line each. */
export function ruleRows(): readonly string[][] {
  return RULES.map(({ id, area, severity, title }) => [`\`${id}\``, area, severity, title])
}

/** The table of known faults there. */
export function faultRows(): readonly string[][] {
  return KNOWN_FAULTS.map(({ id, severity, title, from, fixedIn, cves, commit }) => [
    `\`${id}\``,
    severity,
    from === undefined ? `before ${fixedIn}` : `${from} to before ${fixedIn}`,
    title,
    [
      ...cves.map((cve) => `[${cve}](https://www.cve.org/CVERecord?id=${cve})`),
      `[notes](https://github.com/memcached/memcached/wiki/ReleaseNotes${fixedIn.replaceAll('.', '')})`,
      `[commit](https://github.com/memcached/memcached/commit/${commit})`,
    ].join(', '),
  ])
}
