import type { Keyring } from '@memkeep/encryption'
import type { CheckContext, CheckResult } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import type { Finding } from '../../finding.ts'
import { countKeyIds, listIds, outOf } from '../data/judge.ts'
import type { Sample } from '../data/sample.ts'
import { found } from '../found.ts'
import { KEYS_RULES as RULES } from './rules.ts'

/** How a keyring fits what lies in the cache, by the ids of keys, which are not secret. Judges, and asks nothing. */
export function judgeKeys(
  context: Pick<CheckContext, 'server'>,
  keyring: Keyring,
  sample: Sample,
): CheckResult {
  const { ids, primaryId } = keyring
  const seen = countKeyIds(sample.values)
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0)
  if (total === 0) {
    return {
      unknowns: ['Whether the keyring fits what lies in the cache: no sealed value was in the sample.'],
    }
  }
  const looked = `${sample.command}, and a look at the headers of ${String(total)} envelopes`
  const findings: Finding[] = []
  for (const [rule, wanted] of [
    [RULES.unknown, [...seen.keys()].filter((id) => !ids.includes(id))],
    [RULES.old, [...seen.keys()].filter((id) => ids.includes(id) && id !== primaryId)],
  ] as const) {
    if (wanted.length === 0) continue
    const count = wanted.reduce((sum, id) => sum + (seen.get(id) ?? 0), 0)
    const evidence = [wordedEvidence(looked, outOf(count, total))]
    findings.push(found(context, rule, { detail: listIds(wanted), evidence }))
  }
  const unused = ids.filter((id) => !seen.has(id))
  if (unused.length > 0) {
    const detail = listIds(unused.map((id) => (id === primaryId ? `${id} (primary)` : id)))
    const evidence = [wordedEvidence(looked, `ids ${listIds([...seen.keys()])}`)]
    findings.push(found(context, RULES.unused, { detail, evidence }))
  }
  const fit =
    findings.length === 0 ? 'every sealed value is under the primary key' : `its primary key is ${primaryId}`
  return { facts: [{ name: 'Keyring', value: fit }], findings }
}
