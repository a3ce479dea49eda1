import { time } from '@memkeep/core/internal'
import { MemkeepError } from '@memkeep/core'
import type { CallOptions } from '../../src/call-options.ts'
import type { MemcachedClient } from '../../src/client.ts'
import { stored, type Caller, type Got, type Ledger } from './ledger.ts'
import type { Saying } from './wire.ts'

/** The calls that are made. */
export type Operation = 'get' | 'gets' | 'getMany' | 'set' | 'delete' | 'increment'

const VERB = {
  get: 'get',
  gets: 'get',
  getMany: 'get',
  set: 'set',
  delete: 'delete',
  increment: 'increment',
} as const

/**
 * How many milliseconds beyond its timeout a promise may be pending: the rest of the turn in which the call was made,
 * and for each of two steps what the client's timer rounds up to and the turn in which what arrived is read before.
 */
const SLACK = 7
/** How many milliseconds too early a timeout may come: the client reads the time once in a turn. */
const TURN = 1

/** What the server does to a schedule as a whole, which decides what errors a call may end with. */
export interface Circumstances {
  /** Whether the server may break the protocol, be silent or close. */
  readonly hostile: boolean
  /** Whether calls may find every connection full. */
  readonly rejects: boolean
  /** Whether the client is closed already. */
  closed: boolean
}

/** How a call is made. */
export interface CallPlan {
  readonly operation: Operation
  readonly keys: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  /** Milliseconds after which it is aborted; 0 for before it starts. */
  readonly abortAfter: number | undefined
}

/** One call of a caller, and all that is checked about how it ends. */
export class Call implements Caller {
  readonly keys: readonly string[]
  readonly verb: (typeof VERB)[Operation]
  readonly #plan: CallPlan
  readonly #ledger: Ledger
  readonly #circumstances: Circumstances
  #aborted = false
  #pending = true
  #startedAt = 0
  #late = false
  /** What its keys were answered with, cleanly, while it waited. */
  #delivered: Saying['outcome'][] = []
  #deliveredOn: object | undefined

  constructor(plan: CallPlan, ledger: Ledger, circumstances: Circumstances) {
    this.keys = plan.keys
    this.verb = VERB[plan.operation]
    this.#plan = plan
    this.#ledger = ledger
    this.#circumstances = circumstances
  }

  get pending(): boolean {
    return this.#pending
  }

  /** What it is, for messages. */
  get name(): string {
    return `${this.#plan.operation}(${this.keys.join()}) with a timeout of ${String(this.#plan.timeout)} ms`
  }

  /** Makes the call; resolves when it is settled, to how it ended. */
  async start(client: MemcachedClient): Promise<string> {
    this.#startedAt = time.now()
    this.#late = this.#circumstances.closed
    this.#ledger.calls(this)
    const options = this.#options()
    try {
      const got = await this.#ask(client, options)
      this.#settled()
      for (const each of got) this.#ledger.got(this, each)
      return 'resolved'
    } catch (error) {
      this.#settled()
      return this.#rejected(error)
    }
  }

  /** Notes that the answer to one of its keys came, and nothing before it on this connection was wrong. */
  delivered(outcome: Saying['outcome'], connection: object): void {
    if (!this.#pending || this.#aborted) return
    if (this.#deliveredOn !== connection) this.#delivered = []
    this.#deliveredOn = connection
    this.#delivered.push(outcome)
  }

  #options(): CallOptions {
    const { timeout, abortAfter } = this.#plan
    if (abortAfter === undefined) return { timeout }
    const controller = new AbortController()
    const abort = (): void => {
      this.#aborted = true
      controller.abort(new Aborted())
    }
    if (abortAfter === 0) abort()
    else time.setTimeout(abort, abortAfter)
    return { timeout, signal: controller.signal }
  }

  async #ask(client: MemcachedClient, options: CallOptions): Promise<readonly Got[]> {
    const [key = ''] = this.keys
    switch (this.#plan.operation) {
      case 'get':
        return [{ key, value: (await client.get(key, options))?.toString('latin1') }]
      case 'gets': {
        const item = await client.gets(key, options)
        if (item === undefined) return [{ key, value: undefined }]
        return [{ key, value: item.value.toString('latin1'), flags: item.flags, cas: item.cas }]
      }
      case 'getMany': {
        const found = await client.getMany(this.keys, options)
        for (const other of found.keys()) if (!this.keys.includes(other)) this.#wrong(`got ${other} too`)
        if (found.faults.length > 0) this.#wrong('resolved though its server failed')
        return this.keys.map((each) => ({ key: each, value: found.get(each)?.toString('latin1') }))
      }
      case 'set':
        return [{ key, value: await client.set(key, stored(key), options) }]
      case 'delete':
        return [{ key, value: await client.delete(key, options) }]
      case 'increment':
        return [{ key, value: (await client.increment(key, options))?.toString() }]
    }
  }

  #settled(): void {
    this.#pending = false
    const after = time.now() - this.#startedAt
    if (after > this.#plan.timeout + SLACK) this.#wrong(`was settled after ${String(after)} ms`)
  }

  #rejected(error: unknown): string {
    if (error instanceof Aborted) {
      if (!this.#aborted) this.#wrong('was aborted by nobody')
      return 'aborted'
    }
    if (!(error instanceof MemkeepError)) {
      this.#wrong(`was rejected with ${String(error)}`)
      return 'strange'
    }
    const { code } = error
    if (!this.#mayEndWith(code)) this.#wrong(`was rejected with ${code}: ${error.message}`)
    return code
  }

  #mayEndWith(code: string): boolean {
    const { hostile, rejects, closed } = this.#circumstances
    const answered = this.#delivered.length === this.keys.length
    const refused = this.#delivered.some((outcome) => outcome === 'error' || outcome === 'too-large')
    // it was given its answer in time, and there was nothing wrong with that
    if (answered && !refused) return false
    switch (code) {
      case 'ERR_MEMKEEP_COMMAND_TIMEOUT':
        return hostile && time.now() - this.#startedAt >= this.#plan.timeout - TURN
      case 'ERR_MEMKEEP_OVERLOADED':
        return rejects
      case 'ERR_MEMKEEP_BACKEND_UNREACHABLE':
        return hostile
      case 'ERR_MEMKEEP_CLOSED':
        return this.#late || (hostile && closed)
      case 'ERR_MEMKEEP_SERVER_ERROR':
        return hostile || this.keys.some((key) => this.#ledger.hasSaid('error', this.verb, key))
      case 'ERR_MEMKEEP_VALUE_TOO_LARGE':
        return this.verb === 'set' && this.#ledger.hasSaid('too-large', 'set', this.keys[0] ?? '')
      case 'ERR_MEMKEEP_CONNECT_FAILED':
      case 'ERR_MEMKEEP_CONNECT_TIMEOUT':
      case 'ERR_MEMKEEP_CONNECTION_LOST':
      case 'ERR_MEMKEEP_SERVER_DOWN':
      case 'ERR_MEMKEEP_PROTOCOL':
      case 'ERR_MEMKEEP_SERVER_UNSUPPORTED':
        return hostile
      default:
        return false
    }
  }

  #wrong(what: string): void {
    this.#ledger.violations.push(`${this.name} ${what}`)
  }
}

/** The reason of those who abort. */
class Aborted extends Error {
  override readonly name = 'Aborted'
}
