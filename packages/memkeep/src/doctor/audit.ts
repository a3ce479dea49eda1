import { formatEndpoint, parseEndpoints, type Endpoint, type EndpointInput } from '@memkeep/core'
import { describeInput } from '@memkeep/core/internal'
import type { Check, CheckContext, CheckResult } from './check.ts'
import { CHECKS } from './checks/index.ts'
import { describeFailure } from './engine/conversation.ts'
import { openServerAudit, type ServerAudit, type ServerAuditOptions } from './engine/server-audit.ts'
import { withSignal } from './engine/with-signal.ts'
import { SEVERITIES, type Area } from './finding.ts'
import type { ServerReport } from './report.ts'

/** How far an audit is. */
export interface AuditProgress {
  readonly server: string
  /** What is looked at now; undefined when this server is done. */
  readonly area: 'connection' | Area | undefined
  /** How many servers are done, of how many. */
  readonly done: number
  readonly total: number
}

/** Options of {@link audit}. */
export interface AuditOptions extends ServerAuditOptions {
  /** How many servers are audited at a time. Default 8. */
  readonly concurrency?: number
  /** Milliseconds that one server may take; what is not found out by then is an unknown. Default 90,000. */
  readonly deadline?: number
  /** Ends the audit, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined
}

/**
 * Looks at what servers let strangers do, and friends where `transport` or `auth` say how; one report for each, in
 * their order. It connects to the servers alone: of a name's addresses to the first that takes a connection, and as a
 * friend by the name itself. Whatever a server does, it ends up in its report.
 *
 * @throws RangeError for a bound that is none; MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`; the signal's reason
 */
export async function audit(
  targets: EndpointInput,
  options: AuditOptions = {},
): Promise<readonly ServerReport[]> {
  const { concurrency = 8, deadline = 90_000, signal, onProgress } = options
  assertPositive('concurrency', concurrency)
  assertPositive('deadline', deadline)
  const endpoints = parseEndpoints(targets)
  const reports: ServerReport[] = []
  let done = 0
  const waiting = [...endpoints.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      signal?.throwIfAborted()
      const [index, endpoint] = next
      const say = (area: AuditProgress['area']): void => {
        if (area === undefined) done++
        onProgress?.({ server: formatEndpoint(endpoint), area, done, total: endpoints.length })
      }
      reports[index] = await auditOne(endpoint, { options, deadline, say })
      say(undefined)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, endpoints.length) }, work))
  return reports
}

/** What the check of an area came to. */
interface AreaResult extends CheckResult {
  readonly area: Area
}

interface One {
  readonly options: AuditOptions
  readonly deadline: number
  readonly say: (area: 'connection' | Area) => void
}

async function auditOne(endpoint: Endpoint, { options, deadline, say }: One): Promise<ServerReport> {
  const { signal } = options
  const ending = new AbortController()
  const onAbort = (): void => {
    ending.abort(signal?.reason)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => {
    ending.abort(new Overdue(`the ${String(deadline / 1_000)} s for this server were over`))
  }, deadline)
  try {
    signal?.throwIfAborted()
    say('connection')
    const server = formatEndpoint(endpoint)
    const opened = await openServerAudit(endpoint, options, ending.signal)
    signal?.throwIfAborted()
    if (typeof opened === 'string') {
      const { reason } = ending.signal as { readonly reason: unknown }
      return unreached(
        server,
        reason instanceof Overdue ? `It did not show what it is before ${reason.message}.` : opened,
      )
    }
    try {
      const results: AreaResult[] = []
      for (const [area, check] of CHECKS) {
        say(area)
        results.push({ area, ...(await runCheck(area, check, opened.context)) })
        signal?.throwIfAborted()
      }
      return toReport(opened, results)
    } finally {
      opened.close()
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    ending.abort(new Overdue('the audit has ended'))
  }
}

class Overdue extends Error {
  override readonly name = 'Overdue'
}

/** A check that fails costs its own results and nothing else. */
async function runCheck(area: Area, check: Check, context: CheckContext): Promise<CheckResult> {
  const { signal } = context
  try {
    signal.throwIfAborted()
    return await withSignal(check(context), signal)
  } catch (error) {
    // what else it says may quote what the server sent
    const why = error instanceof Overdue ? error.message : `the check failed (${nameOf(error)})`
    return { unknowns: [`Nothing is known of ${area}: ${why}.`], isUnknown: true }
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown fault'
  return 'code' in error ? describeFailure(error) : error.name
}

function unreached(server: string, failure: string): ServerReport {
  return {
    server,
    reached: false,
    failure,
    version: undefined,
    facts: [],
    findings: [],
    unknowns: [],
    unknownAreas: [],
  }
}

function toReport(
  { context: { server, version }, refusal, identified }: ServerAudit,
  results: readonly AreaResult[],
): ServerReport {
  const findings = results.flatMap((result) => result.findings ?? [])
  return {
    server,
    reached: true,
    failure: undefined,
    version,
    facts: results.flatMap(({ facts = [] }) => facts),
    findings: SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity)),
    unknowns: [
      ...(identified ? [] : ['Whether it is memcached: it lets no stranger in, and no friend asked it.']),
      ...(refusal === undefined ? [] : [`What a friend is let do is not known. ${refusal}`]),
      ...results.flatMap(({ unknowns = [] }) => unknowns),
    ],
    unknownAreas: results.flatMap(({ area, isUnknown }) => (isUnknown === true ? [area] : [])),
  }
}

function assertPositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
    throw new RangeError(`${name} must be a whole number of 1 or more, not ${describeInput(value)}`)
  }
}
