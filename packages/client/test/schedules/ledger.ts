import type { Asked, Saying } from './wire.ts'

/** What a call got for one of its keys. */
export interface Got {
  readonly key: string
  /** The value, or digits; undefined for a miss; true and false for what was to be done. */
  readonly value: string | boolean | undefined
  readonly flags?: number
  readonly cas?: bigint
}

/** A call, as far as the ledger knows it. */
export interface Caller {
  readonly verb: string
  readonly keys: readonly string[]
  /** Called when an answer that only this call may have is out, whole, in order and without a fault before it. */
  delivered(outcome: Saying['outcome'], connection: object): void
}

/** An answer that the server has decided on; whether and how it gets out is another matter. */
export interface Answer extends Saying {
  readonly asked: Asked
  /** Who may have got it; more than one call may not, where the protocol has tokens. */
  taken: boolean
}

/**
 * What the server was asked and what it said: against this every result is held. It knows more than a client can:
 * which answer was to which request.
 */
export class Ledger {
  /** What was found wrong. */
  readonly violations: string[] = []
  /**
   * Whether answers without a token got out of step: then a miss, a `STORED` or a number may reach another caller,
   * which no client can notice. A value never may.
   */
  blurred = false
  /** Whether anything was said, or left out, that the protocol does not allow. */
  faulty = false
  /** Keys whose value was sent with bytes among it that do not belong there. */
  readonly damaged: Set<string> = new Set<string>()
  readonly #hits = new Map<string, Answer>()
  readonly #asked = new Map<string, number>()
  readonly #said = new Map<string, number>()
  readonly #calls = new Map<string, Caller[]>()
  /** Whether every request has a token: the protocol says so, and no connection fell back to classic text. */
  #tokens = true
  #done = 0
  #believed = 0

  /** Notes a call that is about to be made. */
  calls(call: Caller): void {
    for (const key of call.keys) {
      const name = `${call.verb} ${key}`
      const others = this.#calls.get(name)
      if (others === undefined) this.#calls.set(name, [call])
      else others.push(call)
    }
  }

  /** Notes a request that has reached the server. */
  asked({ verb, key, value, classic }: Asked): void {
    if (classic) this.#tokens = false
    count(this.#asked, `${verb} ${key}`)
    // a set that is too large has what was there deleted
    const known =
      this.#calls.has(`${verb} ${key}`) || (verb === 'delete' && this.hasSaid('too-large', 'set', key))
    if (!known) this.violations.push(`the server was asked to ${verb} ${key}, which nobody wants`)
    if (verb === 'set' && value !== stored(key)) this.violations.push(`the value sent for ${key} is another`)
  }

  /** Notes what the server will say. */
  said(answer: Answer): void {
    const { verb, key } = answer.asked
    if (answer.outcome === 'hit') this.#hits.set(answer.text, answer)
    else count(this.#said, `${answer.outcome} ${verb} ${key}`)
    if (answer.outcome === 'done') this.#done++
  }

  /** Notes that the server says something done that was not asked for. */
  saidDone(): void {
    this.#done++
  }

  /** Notes that an answer is out, whole, in order and without a fault before it; only its own call may have it now. */
  delivered({ asked: { verb, key }, outcome }: Answer, connection: object): void {
    const [call, other] = this.#calls.get(`${verb} ${key}`) ?? []
    // of several that ask the same it is not known which one it is for, a set that was too large and deletes among them
    if (other !== undefined || (verb === 'delete' && this.hasSaid('too-large', 'set', key))) return
    call?.delivered(outcome, connection)
  }

  /** Whether a request was answered like that, or may have taken such an answer for its own: it has no token. */
  hasSaid(outcome: 'error' | 'too-large', verb: string, key: string): boolean {
    if (this.#said.has(`${outcome} ${verb} ${key}`)) return true
    return this.faulty && [...this.#said.keys()].some((said) => said.startsWith(outcome))
  }

  /** Checks what a call says that it got for one of its keys. */
  got({ verb }: Caller, { key, value, flags, cas }: Got): void {
    const name = `${verb} ${key}`
    if (!this.#asked.has(name)) this.violations.push(`${name} resolved before the server was asked`)
    if (verb === 'increment' && this.#anyNumber(key)) return
    if (typeof value === 'string') {
      const answer = this.#hits.get(value)
      if (answer === undefined) this.#strange(name, key, value)
      else this.#hit(name, answer, flags, cas)
    } else if (value === true) {
      if (++this.#believed > this.#done) this.violations.push(`${name}: more is true than was done`)
      this.#spend(`done ${name}`, 'true')
    } else this.#spend(`miss ${name}`, String(value))
  }

  /** Whether a count may end with any number: classic text names no key beside it, and any bytes are one in binary. */
  #anyNumber(key: string): boolean {
    return (this.blurred && !this.#tokens) || this.damaged.has(key)
  }

  #hit(name: string, answer: Answer, flags: number | undefined, cas: bigint | undefined): void {
    const { verb, key } = answer.asked
    if (`${verb} ${key}` !== name) this.violations.push(`${name} got the value of ${verb} ${key}`)
    if (answer.taken && this.#tokens) this.violations.push(`${name} got a value that another call had`)
    answer.taken = true
    const whole = !this.damaged.has(key) && !(this.blurred && !this.#tokens)
    if (whole && (flags ?? answer.flags) !== answer.flags) this.violations.push(`${name} got other flags`)
    if (whole && (cas ?? answer.cas) !== answer.cas) this.violations.push(`${name} got another CAS unique`)
  }

  /** A value that was never sent: that of its own key at best, with bytes among it that the server has put there. */
  #strange(name: string, key: string, value: string): void {
    const foreign = [...this.#hits.values()].find(
      ({ asked, text }) => asked.verb === 'get' && asked.key !== key && value.includes(text),
    )
    if (foreign !== undefined) this.violations.push(`${name} got a value with that of ${foreign.asked.key}`)
    else if (!this.damaged.has(key))
      this.violations.push(`${name} got what was never sent: ${JSON.stringify(value.slice(0, 80))}`)
  }

  /** Every such answer is good for one call. */
  #spend(what: string, result: string): void {
    const left = this.#said.get(what) ?? 0
    if (left > 0) this.#said.set(what, left - 1)
    else if (!this.blurred) this.violations.push(`a call resolved to ${result} without an answer "${what}"`)
  }
}

/** What calls store under a key. */
export function stored(key: string): string {
  return `${key} is stored`
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
