import { MemkeepError, type Channel, type ConnectOptions, type Transport } from '@memkeep/core'
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

/** What a {@link PlayingServer} plays with. */
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

/** A memcached that holds what it needs to answer, and answers as a schedule wants it. */
export class PlayingServer {
  readonly transport: Transport
  /** Every channel that was ever opened. */
  readonly channels: PlayingChannel[] = []
  readonly #stage: Stage
  #serial = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.transport = {
      name: 'play',
      confidential: true,
      connect: (_, options) => this.#connect(options),
    }
  }

  #connect({ signal }: ConnectOptions): Promise<Channel> {
    const { random, hostile, clock, onPlay } = this.#stage
    const open = (): Channel => {
      const connection = new PlayingConnection(this.#stage, {
        answer: (asked) => this.#answer(asked),
        foreign: (recent) => this.#foreign(recent),
      })
      this.channels.push(connection.channel)
      return connection.channel
    }
    if (!hostile || random.chance(88)) return Promise.resolve(open())
    const how = random.pick(['late', 'refused', 'never'])
    onPlay(`connect ${how}`)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', abort, { once: true })
      if (how === 'never') return
      clock.after(random.between(1, 20), () => {
        if (signal.aborted) return
        signal.removeEventListener('abort', abort)
        if (how === 'late') resolve(open())
        else reject(new MemkeepError('ERR_MEMKEEP_CONNECT_FAILED', 'Refused, as the schedule wants it'))
      })
    })
  }

  #answer(asked: Asked): Answer {
    const answer = { asked, ...this.#saying(asked), taken: false }
    this.#stage.ledger.said(answer)
    return answer
  }

  #saying({ verb, key }: Asked): Saying {
    const { random } = this.#stage
    const serial = ++this.#serial
    const flags = random.next()
    const cas = BigInt(serial)
    const say = (outcome: Saying['outcome'], text = ''): Saying => ({ outcome, text, flags, cas })
    const drawn = random.below(100)
    if (drawn < 5) return say('error')
    if (verb === 'set') return say(drawn < 8 ? 'too-large' : 'done')
    if (drawn < 25) return say('miss')
    if (verb === 'delete') return say('done')
    if (verb === 'increment') return say('hit', String(serial))
    return say('hit', `${key}=${String(serial)}=${this.#filling(key)}`)
  }

  /** What makes values longer: nothing, much, or what looks like answers to others. */
  #filling(key: string): string {
    const { random, wire } = this.#stage
    const drawn = random.below(100)
    if (drawn < 60) return ''
    if (drawn < 85) return 'x'.repeat(random.below(200))
    if (drawn < 86) return 'x'.repeat(random.between(4_000, 20_000))
    const asked: Asked = { ...ASKED, key, opaque: random.between(1, 12), classic: random.chance(50) }
    const fake = wire.write(asked, { outcome: 'hit', text: 'what nobody said', flags: 0, cas: 0n })
    return drawn < 95 ? `\r\nEND\r\n${fake}` : fake
  }

  /** An answer to another request, or to one that nobody made. */
  #foreign(recent: readonly Answer[]): Part {
    const { random, wire, ledger } = this.#stage
    const known = recent[random.below(recent.length + 1)]
    if (known !== undefined) {
      if (known.outcome === 'done') ledger.saidDone()
      if (!wire.hasToken(known.asked, known)) ledger.blurred = true
      return alone(wire.write(known.asked, known))
    }
    const verb = random.pick(['get', 'set', 'delete', 'increment'] as const)
    const opaque = random.between(1_000, 2 ** 32 - 1)
    const outcomes = { get: 'hit', set: 'done', delete: 'done', increment: 'hit' } as const
    const saying = this.#unsaid(random.chance(50) ? outcomes[verb] : random.pick(['miss', 'error']))
    if (saying.outcome === 'done') ledger.saidDone()
    const asked: Asked = {
      ...ASKED,
      verb,
      opaque,
      classic: recent.at(-1)?.asked.classic ?? random.chance(50),
    }
    if (!wire.hasToken(asked, saying)) ledger.blurred = true
    return alone(wire.write(asked, saying))
  }

  #unsaid(outcome: Saying['outcome']): Saying {
    return { outcome, text: '987654321', flags: 0, cas: 0n }
  }
}

/** What decides on the answers of a {@link PlayingConnection}. */
interface Prompter {
  readonly answer: (asked: Asked) => Answer
  /** @param recent what the connection has answered before */
  readonly foreign: (recent: readonly Answer[]) => Part
}

/** Something that the server does on a connection, after that many turns and milliseconds. */
interface Act {
  readonly turns: number
  readonly milliseconds: number
  readonly play: () => void
}

/** One connection of a {@link PlayingServer}: answers in the order of the requests, unless the schedule wants otherwise. */
class PlayingConnection {
  readonly channel: PlayingChannel
  readonly #stage: Stage
  readonly #prompter: Prompter
  readonly #answers: Answer[] = []
  readonly #acts: Act[] = []
  #acting = false
  /** Whether something was said, or left out, that the protocol does not allow. */
  #faulty = false
  #ended = false

  constructor(stage: Stage, prompter: Prompter) {
    this.#stage = stage
    this.#prompter = prompter
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
    const greeting = asked.some(({ verb }) => verb === 'version' || verb === 'question')
    const parts = asked.map((each): Part => {
      if (greeting || each.verb === 'stats') return alone(wire.write(each, NOTHING))
      ledger.asked(each)
      const answer = this.#prompter.answer(each)
      this.#answers.push(answer)
      return { bytes: wire.write(each, answer), asked: each, saying: answer }
    })
    if (this.#ended || parts.length === 0) return
    const fault = hostile && random.chance(greeting ? 8 : 30) ? drawFault(random) : undefined
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
      this.#act(this.#pauseOf(first, pause), () => {
        if (this.channel.destroyed) return
        for (const { answer } of done) ledger.delivered(answer, this)
        this.channel.push(piece)
      })
      first = false
    }
    if (ending === undefined || !hostile) return
    this.#ended = true
    this.#act(this.#pauseOf(first, pause), () => {
      this.#end(ending)
    })
  }

  /** How long to wait before a piece. */
  #pauseOf(first: boolean, pause: number): Omit<Act, 'play'> {
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

  #act(pause: Omit<Act, 'play'>, play: () => void): void {
    this.#acts.push({ ...pause, play })
    if (!this.#acting) this.#next()
  }

  #next(): void {
    const act = this.#acts.shift()
    this.#acting = act !== undefined
    if (act === undefined) return
    const { turns, milliseconds, play } = act
    const run = (): void => {
      play()
      this.#next()
    }
    if (milliseconds > 0) this.#stage.clock.after(milliseconds, run)
    else afterTurns(turns, run)
  }
}

/** What a request that nobody made asks for. */
const ASKED: Asked = { verb: 'get', key: 'nobody', classic: false, opaque: 0, withCas: false, value: '' }
const NOTHING: Saying = { outcome: 'done', text: '', flags: 0, cas: 0n }

function afterTurns(turns: number, run: () => void): void {
  if (turns === 0) run()
  else
    setImmediate(() => {
      afterTurns(turns - 1, run)
    })
}

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
