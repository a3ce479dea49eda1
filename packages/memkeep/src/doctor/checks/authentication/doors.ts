import { randomBytes } from 'node:crypto'
import type { CheckContext, Conversation } from '../../check.ts'
import { frameEvidence, lineEvidence } from '../../evidence.ts'
import type { Evidence } from '../../finding.ts'
import { askFrame, OPCODE, STATUS } from '../../parse/frame.ts'
import { askLine, UNAUTHENTICATED } from '../../parse/line.ts'
import { MARK, withStranger } from '../visits.ts'

/** A way of asking, and what came of it. */
export interface Door {
  readonly protocol: 'text' | 'meta' | 'binary'
  /** `open`: a command was run. `locked`: a password is wanted first. `silent`: nothing that memcached would say. */
  readonly state: 'open' | 'locked' | 'silent'
  readonly evidence: readonly Evidence[]
}

type Answer = Omit<Door, 'protocol'>

const SILENT: Answer = { state: 'silent', evidence: [] }

/** Tries commands in text, meta and binary as a stranger, each on connections of its own. None changes anything. */
export async function tryDoors(context: CheckContext): Promise<readonly Door[]> {
  const key = `${MARK}-${randomBytes(8).toString('hex')}`
  const answers = await Promise.all([
    tryOne(context, (conversation) => tryText(conversation, key)),
    // apart, since memcached 1.6.45 hangs up on a meta no-op without a password
    tryOne(context, (conversation) => tryLine(conversation, `mg ${key} v`, /^EN$/)),
    tryOne(context, (conversation) => tryLine(conversation, 'mn', /^MN$/)),
    tryOne(context, (conversation) => tryFrame(conversation, 'NOOP', OPCODE.noop, '')),
    tryOne(context, (conversation) => tryFrame(conversation, 'GET', OPCODE.get, key)),
  ])
  const [text, metaGet, metaNoop, binaryNoop, binaryGet] = answers
  return [
    { protocol: 'text', ...text },
    { protocol: 'meta', ...both(metaGet, metaNoop) },
    { protocol: 'binary', ...both(binaryNoop, binaryGet) },
  ]
}

async function tryOne(
  context: CheckContext,
  ask: (conversation: Conversation) => Promise<Answer>,
): Promise<Answer> {
  return (await withStranger(context, ask)) ?? SILENT
}

/** `version` first, which is safe to say to anything; alone it shows nothing, since many tell it before a password. */
async function tryText(conversation: Conversation, key: string): Promise<Answer> {
  const version = await tryLine(conversation, 'version', /^VERSION \S/)
  if (version.state !== 'open') return version
  const get = await tryLine(conversation, `get ${key}`, /^END$/)
  return get.state === 'open' ? both(version, get) : get
}

async function tryLine(conversation: Conversation, command: string, runs: RegExp): Promise<Answer> {
  const line = await askLine(conversation, command)
  if (line === undefined) return SILENT
  const state = runs.test(line) ? 'open' : line === UNAUTHENTICATED ? 'locked' : 'silent'
  return state === 'silent' ? SILENT : { state, evidence: [lineEvidence(command, line)] }
}

async function tryFrame(
  conversation: Conversation,
  name: string,
  opcode: number,
  key: string,
): Promise<Answer> {
  const frame = await askFrame(conversation, { opcode, key: Buffer.from(key) })
  if (frame === undefined) return SILENT
  const { status } = frame
  const runs = status === STATUS.success || status === STATUS.notFound
  const state = runs ? 'open' : status === STATUS.authError ? 'locked' : 'silent'
  return state === 'silent' ? SILENT : { state, evidence: [frameEvidence(name, frame)] }
}

/** What two answers come to: the one that lets in more. */
function both(one: Answer, other: Answer): Answer {
  for (const state of ['open', 'locked'] as const) {
    const evidence = [one, other].filter((each) => each.state === state).flatMap((each) => each.evidence)
    if (evidence.length > 0) return { state, evidence }
  }
  return SILENT
}
