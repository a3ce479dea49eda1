import { time } from '@memkeep/core/internal'
import { readTimeout, untilDeadline, type CallOptions } from './call-options.ts'
import { CallClock } from './clock/call-clock.ts'
import { within } from './clock/within.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { abortWatch } from './connection/abort-watch.ts'
import { Request, type Take } from './connection/request.ts'
import { ServersWait } from './discovery/servers-wait.ts'
import type { ClientSettings } from './options.ts'
import { PartialResult, type ServerFault } from './partial-result.ts'
import type { Command } from './protocol/command.ts'
import { mayMove } from './rehash.ts'
import { clientClosed, isUnreachable } from './server/faults.ts'
import type { Server } from './server/server.ts'
import { channels, type CommandMessage, type Operation } from './telemetry/channels.ts'
import { traced } from './telemetry/trace.ts'

/** A question to one server: commands of one operation, and what to make of their replies. */
export interface Question<T> {
  readonly operation: Operation
  readonly commands: Command | readonly Command[]
  readonly take: Take<T>
  readonly options: CallOptions | undefined
  /** Whether it belongs to a call of several steps, which goes on when the client is being closed. */
  readonly continues?: boolean
}

/** Brings questions to the servers that they are for: waits for a discovery, publishes, applies what calls have in common. */
export class Asker {
  readonly cluster: Cluster
  readonly #settings: ClientSettings
  readonly #clock = new CallClock()
  /** Calls of several steps that are under way. */
  readonly #chains = new Set<Promise<unknown>>()
  #closed = false

  constructor(settings: ClientSettings, cluster: ClusterOptions) {
    this.#settings = settings
    this.cluster = new Cluster(cluster, this.#clock)
  }

  /** When a call that is made now must have its result, in milliseconds of the client's clock. */
  deadlineOf(options: CallOptions | undefined): number {
    const timeout = options?.timeout === undefined ? this.#settings.timeout : readTimeout(options.timeout)
    return this.#clock.turn().at + timeout
  }

  /** The same options for the next step of a call, with the time that is left of it until `deadline`. */
  untilDeadline<T extends CallOptions>(options: T | undefined, deadline: number): Partial<T> {
    return untilDeadline(options, deadline, this.#clock.now())
  }

  /** Notes a call of several steps, so that closing waits for it; its further steps say that they `continue` it. */
  chain<T>(call: Promise<T>): Promise<T> {
    this.#chains.add(call)
    const forget = (): void => {
      this.#chains.delete(call)
    }
    call.then(forget, forget)
    return call
  }

  /**
   * Takes no more calls, waits for those under way with all their steps, then closes every connection.
   *
   * @param timeout milliseconds after which it closes though some are not answered; those fail
   */
  async close(timeout: number): Promise<void> {
    this.#closed = true
    const started = time.now()
    await within(timeout, this.#idle())
    await this.cluster.close(Math.max(1, timeout - (time.now() - started)))
  }

  /** Resolves when no call is under way. */
  async #idle(): Promise<void> {
    for (;;) {
      const pending = [...this.cluster.pending, ...this.#chains]
      if (pending.length === 0) return
      await Promise.allSettled(pending)
    }
  }

  /** Asks the server that a key belongs to. */
  ask<T>(wireKey: string, question: Question<T>): Promise<T> {
    if (!this.cluster.known) return this.#askLater(wireKey, question)
    const server = this.cluster.serverOf(wireKey)
    if (!this.rehashes) return this.askServer(server, question)
    return this.chain(this.#askOneAfterAnother(wireKey, question, server))
  }

  /** Whether the keys of a server that cannot be reached go to the others. */
  get rehashes(): boolean {
    return this.#settings.onServerDown === 'rehash'
  }

  /** Asks the server of a key, then the next ones, until one can be reached. */
  async #askOneAfterAnother<T>(wireKey: string, question: Question<T>, first: Server): Promise<T> {
    const deadline = this.deadlineOf(question.options)
    const own = { ...question, commands: ownCommands(question.commands) }
    const tried = new Set([first])
    let answer = this.askServer(first, own)
    for (;;) {
      try {
        return await answer
      } catch (error) {
        const next = mayMove(error, own.commands) ? this.cluster.nextServerOf(wireKey, tried) : undefined
        if (next === undefined) throw error
        tried.add(next)
        const options = this.untilDeadline(question.options, deadline)
        answer = this.askServer(next, { ...own, options, continues: true })
      }
    }
  }

  /** Waits until the servers are known, as long as a call may wait. */
  async known(options: CallOptions | undefined): Promise<void> {
    if (this.cluster.known) return
    const timeout = options?.timeout === undefined ? this.#settings.timeout : readTimeout(options.timeout)
    const wait = new ServersWait(this.cluster.discover(), timeout)
    if (options?.signal !== undefined) abortWatch.watch(options.signal, wait)
    await wait.result
  }

  /** Asks that server. */
  askServer<T>(server: Server, question: Question<T>): Promise<T> {
    if (!channels.command.hasSubscribers) return this.#dispatch(server, question)
    return traced(this.#message(server, question), () => this.#dispatch(server, question))
  }

  /** Asks every server the same; rejects when all fail. */
  async askAll<T>(
    options: CallOptions | undefined,
    makeQuestion: () => Omit<Question<T>, 'options'>,
  ): Promise<PartialResult<string, T>> {
    await this.known(options)
    const { servers } = this.cluster
    const results = await Promise.allSettled(
      servers.map((server) => this.askServer(server, { ...makeQuestion(), options })),
    )
    const faults: ServerFault[] = []
    const answers = new PartialResult<string, T>(faults)
    for (const [index, { name }] of servers.entries()) {
      const result = results[index]
      if (result?.status === 'fulfilled') answers.set(name, result.value)
      else if (result !== undefined) faults.push({ server: name, keys: [], error: result.reason as unknown })
    }
    const [first] = faults
    if (first !== undefined && answers.size === 0) throw first.error
    return answers
  }

  /** What was asked, or `missed` when its server cannot be reached and the client is to take that for a miss. */
  orMiss<T, Missed>(promise: Promise<T>, missed: Missed): Promise<T | Missed> {
    if (this.#settings.onServerDown !== 'miss') return promise
    return promise.catch((error: unknown) => {
      if (isUnreachable(error)) return missed
      throw error
    })
  }

  /** Asks when the servers are known, which takes of the time that the call has. */
  async #askLater<T>(wireKey: string, question: Question<T>): Promise<T> {
    if (this.#closed && question.continues !== true) throw clientClosed()
    const { options, commands } = question
    const deadline = this.deadlineOf(options)
    const later = { ...question, commands: ownCommands(commands) }
    await this.known(options)
    return this.askServer(this.cluster.serverOf(wireKey), {
      ...later,
      options: this.untilDeadline(options, deadline),
    })
  }

  #dispatch<T>(server: Server, question: Question<T>): Promise<T> {
    const { timeout, retries } = this.#settings
    const { options } = question
    const patience = {
      timeout: options?.timeout === undefined ? timeout : readTimeout(options.timeout),
      // a further step has what was left of the call when it began
      turn: question.continues === true ? { at: this.#clock.now() } : this.#clock.turn(),
      retries,
      server: server.name,
    }
    if (this.#closed && question.continues !== true) return Promise.reject(clientClosed())
    const request = new Request(question, patience)
    if (options?.signal !== undefined) abortWatch.watch(options.signal, request)
    server.dispatch(request)
    // it is what `take` returns
    return request.result as Promise<T>
  }

  #message({ name, endpoint }: Server, { operation, commands }: Question<unknown>): CommandMessage {
    const keys = [commands].flat().flatMap((command) => ('key' in command ? [command.key] : []))
    const message = { operation, server: name, endpoint, keyCount: keys.length }
    return this.#settings.traceKeys ? { ...message, keys } : message
  }
}

/** The same commands, with values that the caller cannot change. */
function ownCommands(commands: Command | readonly Command[]): Command | readonly Command[] {
  return 'value' in commands ? { ...commands, value: Buffer.from(commands.value) } : commands
}
