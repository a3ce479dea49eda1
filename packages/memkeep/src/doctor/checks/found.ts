import { isLoopbackHost } from '@memkeep/core'
import type { CheckContext } from '../check.ts'
import type { Evidence, Finding, Rule, Severity } from '../finding.ts'
import { parseListeners } from '../parse/listeners.ts'
import { readSocketAccess } from './socket-access.ts'

/** A rule with the setting that cures what it finds. */
export interface CurableRule extends Rule {
  readonly cure: string
}

/** What is particular about one finding. */
export interface Particulars {
  readonly detail?: string
  readonly evidence?: readonly Evidence[]
  /** Where it is not as bad here as the rule says. */
  readonly severity?: Severity
}

/** What a rule found on a server. */
export function found(
  { server }: Pick<CheckContext, 'server'>,
  rule: CurableRule,
  { detail = '', evidence = [], severity = rule.severity }: Particulars = {},
): Finding {
  const { id, area, title, why, cure } = rule
  return { id, area, severity, title, why, server, detail, evidence, cure }
}

/** The strangers that reach a server: of any network, other programs of its machine, or those let near its socket. */
export type Strangers = 'any' | 'of-one-machine' | 'let-near'

/** How bad it is that strangers may do something, where they are few. */
const MILDER: Readonly<Record<Exclude<Strangers, 'any'>, Readonly<Record<Severity, Severity>>>> = {
  'of-one-machine': { critical: 'medium', high: 'low', medium: 'low', low: 'info', info: 'info' },
  'let-near': { critical: 'info', high: 'info', medium: 'info', low: 'info', info: 'info' },
}

const NOTES: Readonly<Record<Exclude<Strangers, 'any'>, string>> = {
  'of-one-machine': 'for programs of this machine alone, unless the address is forwarded',
  'let-near': 'for those alone whom the permissions of the socket let near',
}

/** {@link found} for what strangers may do: less bad on a server that few of them reach. */
export async function foundOpen(
  context: CheckContext,
  rule: CurableRule,
  { detail = '', evidence = [] }: Particulars = {},
): Promise<Finding> {
  const strangers = await strangersOf(context)
  if (strangers === 'any') return found(context, rule, { detail, evidence })
  const note = NOTES[strangers]
  return found(context, rule, {
    detail: detail === '' ? note : `${detail}; ${note}`,
    evidence,
    severity: MILDER[strangers][rule.severity],
  })
}

/** Which strangers reach a server, for all that it tells. */
export async function strangersOf(
  context: Pick<CheckContext, 'endpoint' | 'address' | 'readSettings'>,
): Promise<Strangers> {
  const { endpoint } = context
  if ('path' in endpoint) {
    const access = await readSocketAccess(endpoint.path).catch(() => undefined)
    return access?.everybody === false ? 'let-near' : 'of-one-machine'
  }
  if (!isLoopbackHost(context.address ?? endpoint.host)) return 'any'
  // one that listens elsewhere too is only asked here by the short way
  const listens = (await context.readSettings())?.values.get('inter')
  if (listens === undefined) return 'of-one-machine'
  const listeners = parseListeners(listens)
  const near = listeners.every(({ host }) => host !== undefined && isLoopbackHost(host))
  // one that names no address may listen on any
  return near && listeners.length > 0 ? 'of-one-machine' : 'any'
}
