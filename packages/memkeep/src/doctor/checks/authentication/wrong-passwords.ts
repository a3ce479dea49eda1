import { randomBytes } from 'node:crypto'
import type { CheckContext, Conversation } from '../../check.ts'
import { frameEvidence, lineEvidence } from '../../evidence.ts'
import type { Evidence } from '../../finding.ts'
import { askFrame, OPCODE, STATUS } from '../../parse/frame.ts'
import { askLine, UNAUTHENTICATED } from '../../parse/line.ts'
import { MARK, withStranger } from '../visits.ts'

/** How often a wrong password is tried. */
const TRIES = 3
/** Milliseconds from which an answer was held back: no server needs them to compare a password. */
const HELD_BACK = 500

/** What a server did about wrong passwords. */
export interface Refusals {
  /** How long each refusal took, in milliseconds. */
  readonly times: readonly number[]
  /** Whether it held the later ones back, or hung up. */
  readonly brakes: boolean
  readonly evidence: readonly Evidence[]
}

type Try = (conversation: Conversation) => Promise<Evidence | undefined>

/** Tries three times to get in as a user that is made up; undefined where that cannot be tried. */
export async function tryWrongPasswords(
  context: CheckContext,
  way: 'ascii' | readonly string[],
): Promise<Refusals | undefined> {
  const attempt = way === 'ascii' ? tryAscii : trySasl(way)
  if (attempt === undefined) return undefined
  return await withStranger(context, async (conversation) => {
    const times: number[] = []
    const evidence: Evidence[] = []
    while (times.length < TRIES) {
      const start = performance.now()
      const refusal = await attempt(conversation)
      if (refusal === undefined) break
      times.push(Math.round(performance.now() - start))
      evidence.push(refusal)
    }
    // the first may be slow for a connection that is new
    const later = times.slice(1)
    const brakes = times.length < TRIES || later.every((time) => time >= HELD_BACK)
    return times.length === 0 ? undefined : { times, brakes, evidence }
  })
}

/** Only where the server says that it wants a password: elsewhere the same bytes would store it as a value. */
async function tryAscii(conversation: Conversation): Promise<Evidence | undefined> {
  if ((await askLine(conversation, 'version')) !== UNAUTHENTICATED) return undefined
  const { username, password } = madeUp()
  const said = `${username} ${password}`
  const line = await askLine(conversation, `set ${MARK} 0 0 ${String(said.length)}\r\n${said}`)
  return line === 'CLIENT_ERROR authentication failure'
    ? lineEvidence('a user and a password that are made up', line)
    : undefined
}

/** The mechanism to try: PLAIN, whose password is made up and need not be hidden, else the start of SCRAM. */
function trySasl(mechanisms: readonly string[]): Try | undefined {
  const scram = mechanisms.find((name) => /^SCRAM-SHA-(1|256|512)$/.test(name))
  if (mechanisms.includes('PLAIN')) {
    return async (conversation) => {
      const { username, password } = madeUp()
      return await say(conversation, 'PLAIN', `\0${username}\0${password}`)
    }
  }
  if (scram === undefined) return undefined
  return async (conversation) => {
    const { username, password } = madeUp()
    return await say(conversation, scram, `n,,n=${username},r=${password}`)
  }
}

async function say(conversation: Conversation, name: string, first: string): Promise<Evidence | undefined> {
  const key = Buffer.from(name)
  let frame = await askFrame(conversation, { opcode: OPCODE.auth, key, value: Buffer.from(first) })
  if (frame?.status === STATUS.authContinue) {
    // SCRAM (RFC 5802, section 5) with a proof that is random: the server's nonce is all that must be right
    const nonce = /^r=([^,]{1,256}),/.exec(frame.value.toString('latin1', 0, 1_024))?.[1] ?? ''
    const last = `c=biws,r=${nonce},p=${randomBytes(32).toString('base64')}`
    frame = await askFrame(conversation, { opcode: OPCODE.step, key, value: Buffer.from(last) })
  }
  if (frame?.status !== STATUS.authError) return undefined
  return frameEvidence(`SASL ${name} with a user and a password that are made up`, frame)
}

function madeUp(): { readonly username: string; readonly password: string } {
  return { username: `${MARK}-${randomBytes(6).toString('hex')}`, password: randomBytes(18).toString('hex') }
}
