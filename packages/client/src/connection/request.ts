import { MemkeepError } from '@memkeep/core'
import type { Command } from '../protocol/command.ts'
import type { Reply } from '../protocol/reply.ts'

/**
 * Makes the result from the replies: called for each, what it returns for the last one is the result.
 *
 * @param deadline when the result must be there, in milliseconds of `performance.now()`
 */
export type Take<T> = (reply: Reply, index: number, deadline: number) => T

/** What a {@link Request} asks. */
export interface Asked {
  /** One command, or several of the same verb that are answered together. */
  readonly commands: Command | readonly Command[]
  readonly take: Take<unknown>
}

/** Until when a {@link Request} is asked, and how often. */
export interface Patience {
  /** Milliseconds from the call that the result may take. */
  readonly timeout: number
  /** When the call was made, in milliseconds of `performance.now()`. */
  readonly now: number
  /** How often it may be written again after its connection was lost. */
  readonly retries: number
}

/**
 * One question of a caller to one server, from the call until its promise is settled, which happens once. Whoever
 * holds it afterwards throws the rest of its replies away.
 */
export class Request {
  /** What the caller waits for: what `take` made of the last reply. */
  readonly result: Promise<unknown>
  /** When the call was made, in milliseconds of `performance.now()`. */
  readonly calledAt: number
  /** Milliseconds from then that the result may take. */
  readonly timeout: number
  /** How many commands it is. */
  readonly count: number
  /** Whether the promise is settled. */
  settled = false
  /** Called once, when it is settled. */
  onSettled: (() => void) | undefined
  /** The token of its first command on the connection that it was written to. */
  opaque = 0
  /** How many of its commands are answered. */
  answered = 0
  /** The most bytes that it takes on the wire, as the connection counted it. */
  bytes = 0
  readonly #asked: Asked
  readonly #single: Command | undefined
  readonly #list: readonly Command[]
  #retries: number
  #resolve: (value: unknown) => void = unset
  #reject: (error: unknown) => void = unset
  #failure: unknown

  constructor(asked: Asked, { timeout, now, retries }: Patience) {
    this.#asked = asked
    this.calledAt = now
    this.timeout = timeout
    this.#retries = retries
    const { commands } = asked
    this.#single = isList(commands) ? undefined : commands
    this.#list = isList(commands) ? commands : NONE
    this.count = isList(commands) ? commands.length : 1
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** When it must be settled, in milliseconds of `performance.now()`. */
  get deadline(): number {
    return this.calledAt + this.timeout
  }

  /** The command at that place. */
  at(index: number): Command {
    const command = this.#single ?? this.#list[index]
    if (command === undefined) throw new RangeError(`The request has no command ${String(index)}`)
    return command
  }

  /**
   * Takes a reply to its oldest unanswered command.
   *
   * @param last whether it is the last one that this command is answered with
   */
  answer(reply: Reply, last: boolean): void {
    const index = this.answered
    if (last) this.answered++
    if (this.settled) return
    try {
      const result = this.#asked.take(reply, index, this.calledAt + this.timeout)
      if (!last || this.answered < this.count) return
      if (this.#failure === undefined) {
        this.#settle()
        this.#resolve(result)
        return
      }
    } catch (error) {
      this.#failure ??= error
    }
    if (last && this.answered >= this.count) this.fail(this.#failure)
  }

  /** Rejects the promise. */
  fail(error: unknown): void {
    if (this.settled) return
    this.#settle()
    this.#reject(error)
  }

  /** Rejects the promise because its time is over. */
  expire(server: string): void {
    this.fail(
      new MemkeepError(
        'ERR_MEMKEEP_COMMAND_TIMEOUT',
        `${server} did not answer within ${String(this.timeout)} ms: check its load and the network, or raise "timeout".`,
      ),
    )
  }

  /** Whether it may be written once more, after it was written in vain; counts that as one of its retries. */
  takeRetry(): boolean {
    if (this.settled || this.#retries === 0) return false
    this.#retries--
    return true
  }

  /** Makes it as it was before it was written. */
  rewind(): void {
    this.answered = 0
    this.#failure = undefined
  }

  #settle(): void {
    this.settled = true
    this.onSettled?.()
  }
}

const NONE: readonly Command[] = []

/** What a promise's settlers are until it is made, which is at once. */
function unset(): void {
  throw new Error('The request is not made yet')
}

function isList(commands: Command | readonly Command[]): commands is readonly Command[] {
  return Array.isArray(commands)
}
