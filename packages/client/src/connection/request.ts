import { MemkeepError } from '@memkeep/core'
import { named } from '@memkeep/core/internal'
import type { Moment } from '../clock/call-clock.ts'
import { isRead, type Command, type StoreCommand } from '../protocol/command.ts'
import type { Reply } from '../protocol/reply.ts'

/**
 * Makes the result from the replies: called for each, what it returns for the last one is the result.
 *
 * @param deadline when the result must be there, in milliseconds of the client's clock
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
  /** The turn of the event loop in which the call was made. */
  readonly turn: Moment
  /** How often it may be written again after its connection was lost. */
  readonly retries: number
  /** The server that is asked, for messages. Default: none is named. */
  readonly server?: string
}

/** Where a {@link Request} waits to be written. */
export interface RequestHolder {
  /** Called when the request is settled while it waits. */
  forget(request: Request): void
}

/**
 * One question of a caller to one server, from the call until its promise is settled, which happens once. Its
 * connection holds it until its replies have come and discards those; its value is freed at once.
 */
export class Request {
  /** What the caller waits for: what `take` made of the last reply. */
  readonly result: Promise<unknown>
  /** Milliseconds from the call that the result may take. */
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
  /** The most bytes that it takes: on the wire, or of keys and values while it waits. */
  bytes = 0
  /** Where its last command ends in the batch that it was gathered in. */
  end = 0
  /** What it waits in; undefined when it does not wait. */
  holder: RequestHolder | undefined
  readonly #turn: Moment
  #take: Take<unknown>
  #single: Command | undefined
  readonly #list: readonly Command[]
  #retries: number
  readonly #server: string | undefined
  #resolve: (value: unknown) => void = unset
  #reject: (error: unknown) => void = unset
  #failure: unknown

  constructor({ commands, take }: Asked, { timeout, turn, retries, server }: Patience) {
    this.#take = take
    this.#turn = turn
    this.timeout = timeout
    this.#retries = retries
    this.#server = server
    this.#single = isList(commands) ? undefined : commands
    this.#list = isList(commands) ? commands : NONE
    this.count = isList(commands) ? commands.length : 1
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** The turn of the event loop in which the call was made. */
  get turn(): Moment {
    return this.#turn
  }

  /** When it must be settled, in milliseconds of the client's clock. */
  get deadline(): number {
    return this.#turn.at + this.timeout
  }

  /** The value that it stores; undefined when it stores none. */
  get value(): Buffer | undefined {
    const command = this.#single
    return command !== undefined && 'value' in command ? command.value : undefined
  }

  /** Takes the bytes of its value from other memory. */
  replaceValue(value: Buffer): void {
    const command = this.#single as StoreCommand
    this.#single = { ...command, value }
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
      const result = this.#take(reply, index, this.deadline)
      if (!last || this.answered < this.count) return
      if (this.#failure === undefined) {
        this.#settle()
        this.#resolve(result)
        return
      }
    } catch (error) {
      this.#failure ??= this.#server === undefined ? error : named(this.#server, error)
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

  /** Whether it changes nothing, so that it can be asked twice. */
  get isReadOnly(): boolean {
    for (let index = 0; index < this.count; index++) if (!isRead(this.at(index))) return false
    return true
  }

  /** Whether it is a read that may be asked again, so that it waits for a failing server as long as it has time. */
  get isPatient(): boolean {
    return this.#retries > 0 && this.isReadOnly
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
    this.holder?.forget(this)
    this.onSettled?.()
    if (this.answered >= this.count) return
    // what is left is the place in a queue, which needs the key alone
    this.#take = ignore
    if (this.value !== undefined) this.replaceValue(NO_BYTES)
  }
}

const NONE: readonly Command[] = []
const NO_BYTES: Buffer = Buffer.alloc(0)

function ignore(): void {
  // nobody waits for the reply
}

/** What a promise's settlers are until it is made, which is at once. */
function unset(): void {
  throw new Error('The request is not made yet')
}

function isList(commands: Command | readonly Command[]): commands is readonly Command[] {
  return Array.isArray(commands)
}
