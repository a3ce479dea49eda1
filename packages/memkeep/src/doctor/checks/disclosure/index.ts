import type { Check, CheckContext, CheckResult } from '../../check.ts'
import { areStatsWhole } from '../../engine/questions.ts'
import { frameEvidence, lineEvidence, wordedEvidence } from '../../evidence.ts'
import type { Evidence, Finding } from '../../finding.ts'
import { askFrame, OPCODE, STATUS } from '../../parse/frame.ts'
import { firstLine, UNAUTHENTICATED } from '../../parse/line.ts'
import { foundOpen } from '../found.ts'
import { withStranger } from '../visits.ts'
import { tryLists, tryWatch } from './lists.ts'
import { DISCLOSURE_RULES as RULES } from './rules.ts'
import { TEST_KEY_SECONDS, tryTestKey } from './test-key.ts'

/**
 * What a server tells strangers, and what they may do to it. Only reads are sent; what would do damage is told from
 * the settings. With `active` a marked key is added and removed.
 */
export const checkDisclosure: Check = async (context) => {
  if (context.strangerProtocol === 'none') return { facts: [fact('nothing: no stranger gets in')] }
  const stats = await askStats(context)
  if (stats === 'locked') return { facts: [fact('nothing before a password')] }
  if (stats === 'silent') {
    return {
      unknowns: [
        'What strangers are told and may do: the server did not answer `stats` as memcached does. Is it a proxy?',
      ],
      isUnknown: true,
    }
  }
  const results = [
    { findings: [await foundOpen(context, RULES.stats, { evidence: stats })] },
    await judgeSettings(context, stats),
    ...(context.strangerProtocol === 'text' ? [await judgeText(context, stats)] : []),
    ...(context.active ? [await judgeTestKey(context, context.strangerProtocol)] : []),
  ]
  const findings = results.flatMap((result) => result.findings ?? [])
  const told = TELLING.flatMap(([{ id }, what]) => (findings.some((one) => one.id === id) ? [what] : []))
  return {
    facts: [fact(told.join(', '))],
    findings,
    unknowns: results.flatMap(({ unknowns = [] }) => unknowns),
  }
}

/** The findings by which strangers are told something, in words. */
const TELLING = [
  [RULES.stats, 'statistics'],
  [RULES.settings, 'settings'],
  [RULES.keyNames, 'names of keys'],
  [RULES.watch, 'commands as they happen'],
] as const

function fact(value: string): { readonly name: string; readonly value: string } {
  return { name: 'Strangers are told', value }
}

/** Evidence that a stranger is told statistics, so that commands of this protocol are run for strangers. */
async function askStats(context: CheckContext): Promise<readonly Evidence[] | 'locked' | 'silent'> {
  const answer = await withStranger(context, async (conversation) => {
    if (context.strangerProtocol === 'binary') {
      const frame = await askFrame(conversation, { opcode: OPCODE.stat })
      if (frame?.status === STATUS.authError) return 'locked'
      return frame?.status === STATUS.success
        ? [frameEvidence('STAT', { ...frame, value: Buffer.from('and statistics') })]
        : 'silent'
    }
    const line = firstLine((await conversation.ask('stats\r\n', areStatsWhole)).received)
    if (line === UNAUTHENTICATED) return 'locked'
    return line !== undefined && /^STAT \S/.test(line) ? [lineEvidence('stats', line)] : 'silent'
  })
  return answer ?? 'silent'
}

/** What the settings say of commands that are not for the audit to send. */
async function judgeSettings(context: CheckContext, stats: readonly Evidence[]): Promise<CheckResult> {
  const settings = await context.readSettings()
  if (settings === undefined) {
    return { unknowns: ['Whether strangers may flush or end the server: its settings could not be read.'] }
  }
  const { toldTo, values } = settings
  const findings: Finding[] = []
  const unknowns: string[] = []
  const shown = (name: string): Evidence =>
    wordedEvidence('stats settings', `${name} ${values.get(name) ?? ''}`)
  if (toldTo === 'stranger') {
    const evidence = [wordedEvidence('stats settings', `${String(values.size)} settings`)]
    findings.push(await foundOpen(context, RULES.settings, { evidence }))
  }
  const flush = values.get('flush_enabled')
  if (flush === 'yes') {
    findings.push(await foundOpen(context, RULES.flush, { evidence: [shown('flush_enabled'), ...stats] }))
  } else if (flush !== 'no') {
    unknowns.push('Whether strangers may empty the cache (flush_all): this version does not tell.')
  }
  const shutdown = values.get('shutdown_command')
  // the binary protocol has no such command
  if (context.strangerProtocol === 'text') {
    if (shutdown === 'yes') {
      findings.push(
        await foundOpen(context, RULES.shutdown, { evidence: [shown('shutdown_command'), ...stats] }),
      )
    } else if (shutdown !== 'no') {
      unknowns.push('Whether strangers may end the server (-A): this version does not tell.')
    }
  }
  return { findings, unknowns }
}

/** What text commands give away. */
async function judgeText(context: CheckContext, stats: readonly Evidence[]): Promise<CheckResult> {
  const findings: Finding[] = []
  const lists = await tryLists(context)
  if (lists.open) {
    findings.push(await foundOpen(context, RULES.keyNames, { evidence: lists.evidence }))
  }
  const watch = await tryWatch(context)
  if (watch !== undefined) findings.push(await foundOpen(context, RULES.watch, { evidence: watch }))
  // not sent: it would change the server; wherever text commands are run, this one is
  findings.push(
    await foundOpen(context, RULES.verbosity, {
      detail: 'not tried, but no server that runs text commands refuses it',
      evidence: stats,
    }),
  )
  return { findings }
}

async function judgeTestKey(context: CheckContext, protocol: 'text' | 'binary'): Promise<CheckResult> {
  const test = await tryTestKey(context, protocol)
  if (test === undefined) return {}
  const { key, written, removed, evidence } = test
  const unknowns = removed
    ? []
    : [
        `Whether the test key ${key} is gone: the server did not say so. It ends by itself within ${String(TEST_KEY_SECONDS)} s.`,
      ]
  if (!written)
    return { unknowns: [...unknowns, 'Whether strangers may write: a test key could not be added.'] }
  return { findings: [await foundOpen(context, RULES.write, { evidence })], unknowns }
}
