import { ActQueue, type Pause } from './act-queue.ts'
import {
  alone,
  drawFault,
  FAULTS,
  hasToken,
  type Ending,
  type Faulted,
  type FaultName,
  type Part,
} from './faults.ts'
import type { Answer, Ledger } from './ledger.ts'
import { PlayingChannel } from './playing-channel.ts'
import type { Random } from './random.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { Asked, Saying, Wire } from './wire.ts'

/** What a server plays with. */
export interface Stage {
  readonly random: Random
  readonly clock: VirtualClock
  readonly wire: Wire
  readonly ledger: Ledger
  /** Whether it does anything but answer as memcached does. */
  readonly hostile: boolean
  /** Counts what was played. */
  readonly onPlay: (what: string) => void
}

/** What decides on the answers of a {@link PlayingConnection}. */
export interface Prompter {
  readonly answer: (asked: Asked) => Answer
  /** @param recent what the connection has answered before */
  readonly foreign: (recent: readonly Answer[]) => Part
}

/** One connection of a server: answers in the order of the requests, unless the schedule wants otherwise. */
export class PlayingConnection {
  readonly channel: PlayingChannel
  readonly #stage: Stage
  readonly #prompter: Prompter
  readonly #answers: Answer[] = []
  readonly #acts: ActQueue
  /** Whether something was said, or left out, that the protocol does not allow. */
  #faulty = false
  #ended = false

  constructor(stage: Stage, prompter: Prompter) {
    this.#stage = stage
    this.#prompter = prompter
    this.#acts = new ActQueue(stage.clock)
    this.channel = new PlayingChannel((chunk) => {
      this.#asked(chunk)
    })
  }

  #asked(chunk: Buffer): void {
    const { wire, ledger, random, hostile } = this.#stage
    let asked: Asked[] = []
    try {
      asked = wire.parse(chunk)
    } catch (error) {
      ledger.violations.push(String(error))
    }
    const greeting = asked.some(({ verb }) => verb === 'version' || verb === 'question' || verb === 'probe')
    const parts = asked.map((each): Part => {
      if (greeting || each.verb === 'stats') return alone(wire.write(each, NOTHING))
      ledger.asked(each)
      const answer = this.#prompter.answer(each)
      this.#answers.push(answer)
      return { bytes: wire.write(each, answer), asked: each, saying: answer }
    })
    if (this.#ended || parts.length === 0) return
    const fault = hostile && random.chance(greeting ? 8 : 30) ? drawFault(random) : undefined
    // the answer to a probe has no token: a second one is the miss of the next get
    if (fault !== undefined && asked.some(({ verb }) => verb === 'probe')) ledger.blurred = true
    this.#say(fault === undefined ? { parts, from: Infinity, ending: undefined } : this.#play(fault, parts))
    if (greeting && hostile && random.chance(8)) this.#speakUp()
  }

  /** Says something that nothing was the reason for: along with the greeting, or at any time after it. */
  #speakUp(): void {
    const { random } = this.#stage
    const fault = random.pick(['unasked', 'garbage', 'ends'] as const)
    this.#say(this.#play(fault, []), random.chance(50) ? 0 : random.below(10))
  }

  #play(fault: FaultName, parts: readonly Part[]): Faulted {
    const { random, wire, ledger, onPlay } = this.#stage
    onPlay(fault)
    const foreign = (): Part => this.#prompter.foreign(this.#answers)
    const faulted = FAULTS[fault](parts, { random, wire, ledger, foreign })
    ledger.faulty = true
    return faulted
  }

  /** Says that in pieces, with pauses; and nothing more once it has ended. */
  #say({ parts, from, ending }: Faulted, pause = -1): void {
    const { random, hostile, ledger, wire } = this.#stage
    const clean: { readonly end: number; readonly answer: Answer }[] = []
    let bytes = ''
    for (const [at, part] of parts.entries()) {
      if (at >= from) this.#faulty = true
      bytes += part.bytes
      if (isAnswer(part.saying) && !this.#faulty) clean.push({ end: bytes.length, answer: part.saying })
      // what has no token may be taken for the answer to another request from here on
      else if (this.#faulty && !hasToken(wire, part)) ledger.blurred = true
    }
    if (from < Infinity) this.#faulty = true
    const data = Buffer.from(bytes, 'latin1')
    let start = 0
    let first = true
    for (const end of cuts(random, data.length)) {
      const piece = data.subarray(start, end)
      const done = clean.filter((each) => each.end > start && each.end <= end)
      start = end
      this.#acts.push(this.#pauseOf(first, pause), () => {
        if (this.channel.destroyed) return
        for (const { answer } of done) ledger.delivered(answer, this)
        this.channel.push(piece)
      })
      first = false
    }
    if (ending === undefined || !hostile) return
    this.#ended = true
    this.#acts.push(this.#pauseOf(first, pause), () => {
      this.#end(ending)
    })
  }

  /** How long to wait before a piece. */
  #pauseOf(first: boolean, pause: number): Pause {
    const { random, hostile, onPlay } = this.#stage
    if (first && pause >= 0) return { turns: 0, milliseconds: pause }
    if (hostile && first && random.chance(6)) {
      onPlay('late')
      return { turns: 0, milliseconds: random.between(10, 50) }
    }
    const drawn = random.below(100)
    if (drawn < 70) return { turns: first ? 1 : 0, milliseconds: 0 }
    if (drawn < 92) return { turns: random.between(1, 4), milliseconds: 0 }
    return { turns: 0, milliseconds: random.between(1, 4) }
  }

  #end(how: Ending): void {
    const { channel } = this
    if (channel.destroyed) return
    this.#stage.onPlay(how)
    if (how === 'close') channel.destroy()
    else if (how === 'error') channel.destroy(new Error('read ECONNRESET'))
    else if (how === 'end') channel.push(null)
  }
}

const NOTHING: Saying = { outcome: 'done', text: '', flags: 0, cas: 0n }

function isAnswer(saying: Saying | undefined): saying is Answer {
  return saying !== undefined && 'taken' in saying
}

/** Where bytes are cut into pieces, the last offset being their end. */
function cuts(random: Random, length: number): readonly number[] {
  if (length === 0) return []
  const drawn = random.below(100)
  if (drawn < 45) return [length]
  if (drawn < 50 && length < 300) return Array.from({ length }, (_, at) => at + 1)
  const inner = Array.from({ length: random.between(1, 4) }, () => random.between(1, length))
  return [...new Set([...inner, length])].sort((one, other) => one - other)
}
