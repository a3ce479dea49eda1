import type { Check, CheckContext, CheckResult } from '../../check.ts'
import type { Finding } from '../../finding.ts'
import { foundOpen } from '../found.ts'
import { tryDoors, type Door } from './doors.ts'
import { isReadable, judgeMechanisms, readMechanisms } from './mechanisms.ts'
import { AUTHENTICATION_RULES as RULES } from './rules.ts'
import { tryWrongPasswords } from './wrong-passwords.ts'

/** How a server knows its clients: whether strangers may run commands, and how passwords are asked for. */
export const checkAuthentication: Check = async (context) => {
  const [doors, mechanisms] = await Promise.all([tryDoors(context), readMechanisms(context)])
  const asciiAuth = stateOf(doors, 'text') === 'locked'
  const findings: Finding[] = []
  const unknowns: string[] = []
  let isUnknown = false

  const open = doors.filter(({ state }) => state === 'open')
  if (open.length > 0) findings.push(await anonymous(context, open))
  if (mechanisms !== undefined) findings.push(...(await judgeMechanisms(context, mechanisms)))
  if (asciiAuth && isReadable(context)) {
    const evidence = doors.find(({ protocol }) => protocol === 'text')?.evidence ?? []
    findings.push(await foundOpen(context, RULES.asciiWithoutTls, { evidence }))
  }
  if (context.strangerProtocol === 'none') {
    if (context.speaks.tls && !context.hasFriend) {
      unknowns.push(
        'Whether a password is wanted behind the client certificate, and how: give --cert and --key to be let in.',
      )
    }
  } else if (doors.every(({ state }) => state === 'silent')) {
    unknowns.push('Whether strangers may run commands: the server answered none of them as memcached does.')
    isUnknown = true
  }
  const way = asciiAuth ? 'ascii' : mechanisms
  const tried = await wrongPasswords(context, way)
  return {
    facts: [{ name: 'Authentication', value: describe(context, open, way) }, ...(tried.facts ?? [])],
    findings: [...findings, ...(tried.findings ?? [])],
    unknowns: [...unknowns, ...(tried.unknowns ?? [])],
    isUnknown,
  }
}

function stateOf(doors: readonly Door[], protocol: Door['protocol']): Door['state'] | undefined {
  return doors.find((door) => door.protocol === protocol)?.state
}

async function anonymous(context: CheckContext, open: readonly Door[]): Promise<Finding> {
  return await foundOpen(context, RULES.anonymous, {
    detail: `by ${listed(open.map(({ protocol }) => protocol))} commands`,
    evidence: open.flatMap(({ evidence }) => evidence),
  })
}

async function wrongPasswords(
  context: CheckContext,
  way: 'ascii' | readonly string[] | undefined,
): Promise<CheckResult> {
  if (!context.active || way === undefined || context.strangerProtocol === 'none') return {}
  const refusals = await tryWrongPasswords(context, way)
  if (refusals === undefined) {
    return { unknowns: ['Whether wrong passwords are slowed down: none could be tried.'] }
  }
  const { times, brakes, evidence } = refusals
  const value = `refused after ${listed(times.map(String))} ms${brakes ? ', and slowed down' : ''}`
  return {
    facts: [{ name: 'Wrong passwords', value }],
    findings: brakes ? [] : [await foundOpen(context, RULES.noDelay, { evidence })],
  }
}

function describe(
  { strangerProtocol, speaks }: CheckContext,
  open: readonly Door[],
  way: 'ascii' | readonly string[] | undefined,
): string {
  const parts = [
    ...(strangerProtocol === 'none' && speaks.tls ? ['client certificate'] : []),
    ...(way === 'ascii' ? ['ASCII authentication'] : []),
    ...(Array.isArray(way) ? [`SASL (${way.join(', ') || 'no mechanism'})`] : []),
  ]
  if (open.length > 0) return parts.length === 0 ? 'none' : `${listed(parts)}, but not demanded`
  return parts.length === 0 ? 'unknown' : listed(parts)
}

/** `a`, `a and b`, `a, b and c`. */
function listed(words: readonly string[]): string {
  const [last = '', ...before] = [...words].reverse()
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`
}
