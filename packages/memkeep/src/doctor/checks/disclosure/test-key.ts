import { randomBytes } from 'node:crypto'
import type { CheckContext, Conversation } from '../../check.ts'
import { isLine } from '../../engine/questions.ts'
import { frameEvidence, lineEvidence } from '../../evidence.ts'
import type { Evidence } from '../../finding.ts'
import { askFrame, OPCODE, STATUS } from '../../parse/frame.ts'
import { firstLine } from '../../parse/line.ts'
import { MARK, withStranger } from '../visits.ts'

/** Seconds after which the test key ends, whatever becomes of the audit. */
export const TEST_KEY_SECONDS = 10
/** Says to whoever finds it what it is. */
const VALUE = 'a test of memkeep doctor, which ends by itself'

/** What became of a test key. */
export interface TestKey {
  readonly key: string
  /** Whether it was in the cache. */
  readonly written: boolean
  /** Whether it is known to be in the cache no more. */
  readonly removed: boolean
  readonly evidence: readonly Evidence[]
}

/** One step, with the command as evidence shows it. */
interface Step {
  readonly done: boolean
  readonly evidence: Evidence
}

/** Adds a marked key as a stranger, reads it, removes it, and looks that it is gone. It takes nothing's place. */
export async function tryTestKey(
  context: CheckContext,
  protocol: 'text' | 'binary',
): Promise<TestKey | undefined> {
  const key = `${MARK}-${randomBytes(8).toString('hex')}`
  const step = protocol === 'text' ? textStep : binaryStep
  return await withStranger(context, async (conversation) => {
    const added = await step(conversation, 'add', key)
    if (added?.done !== true) return { key, written: false, removed: true, evidence: evidenceOf([added]) }
    const read = await step(conversation, 'get', key)
    const deleted = await step(conversation, 'delete', key)
    const gone = await step(conversation, 'miss', key)
    const evidence = evidenceOf([added, read, deleted, gone])
    return { key, written: read?.done === true, removed: gone?.done === true, evidence }
  })
}

type StepName = 'add' | 'get' | 'delete' | 'miss'

async function textStep(conversation: Conversation, name: StepName, key: string): Promise<Step | undefined> {
  const add = `add ${key} 0 ${String(TEST_KEY_SECONDS)} ${String(VALUE.length)}`
  const { sent, answer } = {
    add: { sent: `${add}\r\n${VALUE}`, answer: 'STORED' },
    get: { sent: `get ${key}`, answer: `VALUE ${key} 0 ${String(VALUE.length)}` },
    delete: { sent: `delete ${key}`, answer: 'DELETED' },
    miss: { sent: `get ${key}`, answer: 'END' },
  }[name]
  const isWhole = name === 'get' || name === 'miss' ? isGetWhole : isLine
  const { received } = await conversation.ask(`${sent}\r\n`, isWhole)
  const line = firstLine(received)
  return line === undefined ? undefined : { done: line === answer, evidence: lineEvidence(sent, line) }
}

/** Whether a `get` of one key was answered whole, by its value or by anything else. */
function isGetWhole(received: Buffer): boolean {
  const line = firstLine(received)
  if (line === undefined) return false
  return (
    !line.startsWith('VALUE ') || received.toString('latin1', Math.max(0, received.length - 5)) === 'END\r\n'
  )
}

async function binaryStep(
  conversation: Conversation,
  name: StepName,
  key: string,
): Promise<Step | undefined> {
  const extras = Buffer.alloc(8)
  extras.writeUInt32BE(TEST_KEY_SECONDS, 4)
  const { shown, request, status } = {
    add: {
      shown: `ADD ${key} for ${String(TEST_KEY_SECONDS)} s`,
      request: { opcode: OPCODE.add, extras, value: Buffer.from(VALUE) },
      status: STATUS.success,
    },
    get: { shown: `GET ${key}`, request: { opcode: OPCODE.get }, status: STATUS.success },
    delete: { shown: `DELETE ${key}`, request: { opcode: OPCODE.delete }, status: STATUS.success },
    miss: { shown: `GET ${key}`, request: { opcode: OPCODE.get }, status: STATUS.notFound },
  }[name]
  const frame = await askFrame(conversation, { ...request, key: Buffer.from(key) })
  return frame === undefined
    ? undefined
    : { done: frame.status === status, evidence: frameEvidence(shown, frame) }
}

function evidenceOf(steps: readonly (Step | undefined)[]): readonly Evidence[] {
  return steps.flatMap((step) => (step === undefined ? [] : [step.evidence]))
}
