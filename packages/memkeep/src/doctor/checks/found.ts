import { isIP } from 'node:net'
import { isLoopbackHost } from '@memkeep/core'
import type { CheckContext } from '../check.ts'
import type { Evidence, Finding, Rule, Severity } from '../finding.ts'

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

/** How bad it is that strangers may do something, where the only strangers are other programs of one machine. */
const ON_ONE_MACHINE: Readonly<Record<Severity, Severity>> = {
  critical: 'medium',
  high: 'low',
  medium: 'low',
  low: 'info',
  info: 'info',
}

/** {@link found} for what strangers may do: less bad on a server that one machine alone reaches. */
export async function foundOpen(
  context: CheckContext,
  rule: CurableRule,
  { detail = '', evidence = [] }: Particulars = {},
): Promise<Finding> {
  if (!(await isOneMachine(context))) return found(context, rule, { detail, evidence })
  const note = 'for programs of this machine alone, unless the address is forwarded'
  return found(context, rule, {
    detail: detail === '' ? note : `${detail}; ${note}`,
    evidence,
    severity: ON_ONE_MACHINE[rule.severity],
  })
}

/** Whether other programs of its machine are the only strangers that reach a server, for all that it tells. */
export async function isOneMachine(
  context: Pick<CheckContext, 'endpoint' | 'address' | 'readSettings'>,
): Promise<boolean> {
  const { endpoint } = context
  if ('path' in endpoint) return true
  if (!isLoopbackHost(context.address ?? endpoint.host)) return false
  // one that listens elsewhere too is only asked here by the short way
  const listens = (await context.readSettings())?.values.get('inter')
  return listens === undefined || listens.split(',').every((one) => isLoopbackHost(hostOf(one)))
}

/** The host in one part of memcached's `-l`: `127.0.0.1`, `[::1]:11211`, `notls:cache1:11211`. */
function hostOf(listens: string): string {
  const bare = listens.trim().replace(/^notls:/, '')
  if (isIP(bare) !== 0) return bare
  return bare.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
