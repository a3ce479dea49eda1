import { MemkeepError, type Channel, type ConnectOptions, type Transport } from '@memkeep/core'
import { alone, type Part } from './faults.ts'
import type { Answer } from './ledger.ts'
import type { PlayingChannel } from './playing-channel.ts'
import { PlayingConnection, type Stage } from './playing-connection.ts'
import type { Asked, Saying } from './wire.ts'

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

/** What a request that nobody made asks for. */
const ASKED: Asked = { verb: 'get', key: 'nobody', classic: false, opaque: 0, withCas: false, value: '' }
