import type { CheckContext, CheckResult } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import type { Finding } from '../../finding.ts'
import { found } from '../found.ts'
import { describeCounts, type KeyShape } from './key-shapes.ts'
import { DATA_RULES as RULES } from './rules.ts'
import type { Sample } from './sample.ts'
import { SECRET_KINDS, type SecretKind, type ValueKind } from './value-kinds.ts'

/** What each kind of value is called, one and many. */
const NAMES: Readonly<Record<Exclude<ValueKind['kind'], 'secret'>, readonly [string, string]>> = {
  envelope: ['envelope', 'envelopes'],
  'broken-envelope': ['damaged or newer envelope', 'damaged or newer envelopes'],
  json: ['JSON document', 'JSON documents'],
  text: ['text', 'texts'],
  compressed: ['compressed value', 'compressed values'],
  counter: ['counter', 'counters'],
  foreign: ['value sealed by something else', 'values sealed by something else'],
  binary: ['binary value', 'binary values'],
}
const SECRETS: Readonly<Record<SecretKind, readonly [string, string]>> = {
  'private-key': ['private key', 'private keys'],
  password: ['password or hash of one', 'passwords or hashes of them'],
  token: ['token', 'tokens'],
  card: ['card number', 'card numbers'],
}
/** Kinds that whoever sees them can read. Counters are left out: `incr` needs them as they are. */
const READABLE: readonly ValueKind['kind'][] = ['secret', 'json', 'text', 'compressed']

/** How many ids of keys are named at most. */
const MAX_IDS = 8

/** What a sample says of a cache's data. Judges, and asks nothing. */
export function judgeSample(context: Pick<CheckContext, 'server'>, sample: Sample): CheckResult {
  const { names, values, large } = sample
  if (names === 0) return { facts: [{ name: 'Stored values', value: 'none: the cache is empty' }] }
  const unreadable = values.filter(({ kind }) => kind === 'binary').length
  return {
    facts: [
      { name: 'Stored values', value: values.length === 0 ? 'none could be read' : describeValues(values) },
      ...keyIdFact(values),
    ],
    findings: [...judgeValues(context, sample), ...judgeNames(context, sample)],
    unknowns: [
      ...(values.length === 0
        ? ['Whether stored values are encrypted: none of the sample could be read.']
        : []),
      ...(unreadable === 0
        ? []
        : [
            `Whether ${outOf(unreadable, values.length)} values, which are binary and no envelopes, are encrypted by something else.`,
          ]),
      ...(large === 0
        ? []
        : [`Whether ${outOf(large, names)} values are encrypted: they are too large to be sampled.`]),
    ],
  }
}

function judgeValues(context: Pick<CheckContext, 'server'>, sample: Sample): readonly Finding[] {
  const { command, values } = sample
  const findings: Finding[] = []
  const secrets = values.flatMap((value) => (value.kind === 'secret' ? [value.secret] : []))
  const evidence = (received: string): { evidence: [ReturnType<typeof wordedEvidence>] } => ({
    evidence: [wordedEvidence(`${command}, and a look at ${String(values.length)} values`, received)],
  })
  if (secrets.length > 0) {
    const kinds = SECRET_KINDS.flatMap((kind) =>
      counted(SECRETS[kind], secrets.filter((one) => one === kind).length),
    )
    findings.push(found(context, RULES.secrets, evidence(`what looks like ${kinds.join(', ')}`)))
  }
  const readable = values.filter(({ kind }) => READABLE.includes(kind)).length
  const sealed = values.filter(({ kind }) => kind === 'envelope').length
  if (readable > 0) {
    const rule = sealed === 0 ? RULES.plaintext : RULES.mixed
    findings.push(
      found(
        context,
        rule,
        evidence(`${outOf(readable, values.length)} are plaintext, ${String(sealed)} sealed`),
      ),
    )
  }
  const broken = values.filter(({ kind }) => kind === 'broken-envelope').length
  if (broken > 0) findings.push(found(context, RULES.broken, evidence(outOf(broken, values.length))))
  return findings
}

function judgeNames(context: Pick<CheckContext, 'server'>, sample: Sample): readonly Finding[] {
  const { command, names, shapes, expiring } = sample
  const findings: Finding[] = []
  for (const [rule, wanted] of [
    [RULES.secretNames, ['card', 'token']],
    [RULES.personalNames, ['email', 'phone']],
    [RULES.idNames, ['uuid', 'number']],
  ] as const) {
    const said = describeCounts(shapes, wanted satisfies readonly KeyShape[])
    if (said === '') continue
    findings.push(
      found(context, rule, { evidence: [wordedEvidence(command, `of ${String(names)} names ${said}`)] }),
    )
  }
  if (expiring < names) {
    const received = `${outOf(names - expiring, names)} have no expiry`
    findings.push(found(context, RULES.endless, { evidence: [wordedEvidence(command, received)] }))
  }
  return findings
}

function describeValues(values: readonly ValueKind[]): string {
  const secrets = values.filter(({ kind }) => kind === 'secret').length
  const kinds = Object.entries(NAMES).flatMap(([kind, words]) =>
    counted(words, values.filter((value) => value.kind === kind).length),
  )
  return `of ${String(values.length)} sampled: ${[...kinds, ...counted(['secret', 'secrets'], secrets)].join(', ')}`
}

/** Under which keys, with which share. */
function keyIdFact(
  values: readonly ValueKind[],
): readonly { readonly name: string; readonly value: string }[] {
  const counts = countKeyIds(values)
  if (counts.size === 0) return []
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const value = listIds([...counts].map(([id, count]) => `${id} (${percent(count, total)})`))
  return [{ name: 'Keys seen', value }]
}

/** How many envelopes of a sample name which key, the most frequent first. */
export function countKeyIds(values: readonly ValueKind[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) {
    if (value.kind === 'envelope') counts.set(value.keyId, (counts.get(value.keyId) ?? 0) + 1)
  }
  return new Map([...counts].sort(([, left], [, right]) => right - left))
}

/** Some of the ids: whoever writes to a cache can make them up, a new one for each value. */
export function listIds(ids: readonly string[]): string {
  const shown = ids.slice(0, MAX_IDS)
  return [...shown, ...(ids.length > MAX_IDS ? [`${String(ids.length - MAX_IDS)} more`] : [])].join(', ')
}

/** `3 of 100 (3 %)`. */
export function outOf(count: number, total: number): string {
  return `${String(count)} of ${String(total)} (${percent(count, total)})`
}

/** Neither all nor nothing is said of what is only nearly so. */
function percent(count: number, total: number): string {
  const share = (100 * count) / total
  if (share > 0 && share < 1) return 'under 1 %'
  return share > 99 && share < 100 ? 'over 99 %' : `${String(Math.round(share))} %`
}

function counted([one, many]: readonly [string, string], count: number): readonly string[] {
  return count === 0 ? [] : [`${String(count)} ${count === 1 ? one : many}`]
}
