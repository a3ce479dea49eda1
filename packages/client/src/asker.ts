import { MemkeepError } from '@memkeep/core'
import { readTimeout, untilDeadline, type CallOptions } from './call-options.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { AbortWatch } from './connection/abort-watch.ts'
import { Request, type Take } from './connection/request.ts'
import type { ClientSettings } from './options.ts'
import { PartialResult, type ServerFault } from './partial-result.ts'
import type { Command } from './protocol/command.ts'
import { isUnreachable } from './server/faults.ts'
import type { Server } from './server/server.ts'
import { TurnClock } from './turn-clock.ts'
import { channels, type CommandMessage, type Operation } from './telemetry/channels.ts'
import { traced } from './telemetry/trace.ts'

/** A question to one server: commands of one operation, and what to make of their replies. */
export interface Question<T> {
  readonly operation: Operation
  readonly commands: Command | readonly Command[]
  readonly take: Take<T>
  readonly options: CallOptions | undefined
}

/** Brings questions to the servers that they are for: waits for a discovery, publishes, applies what calls have in common. */
export class Asker {
  readonly cluster: Cluster
  readonly #settings: ClientSettings
  readonly #clock = new TurnClock()
  readonly #aborts = new AbortWatch()

  constructor(settings: ClientSettings, cluster: ClusterOptions) {
    this.#settings = settings
    this.cluster = new Cluster(cluster)
  }

  /** Asks the server that a key belongs to. */
  ask<T>(wireKey: string, question: Question<T>): Promise<T> {
    const { unknown } = this.cluster
    if (unknown !== undefined) return this.#askLater(wireKey, question)
    return this.askServer(this.cluster.serverOf(wireKey), question)
  }

  /** Waits until the servers are known, as long as a call may wait. */
  async known(options: CallOptions | undefined): Promise<void> {
    const { unknown } = this.cluster
    if (unknown === undefined) return
    const timeout = options?.timeout === undefined ? this.#settings.timeout : readTimeout(options.timeout)
    await within(unknown, timeout, options?.signal)
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
    const { options } = question
    const deadline = performance.now() + (options?.timeout ?? this.#settings.timeout)
    await this.known(options)
    return this.ask(wireKey, { ...question, options: untilDeadline(options, deadline) })
  }

  #dispatch<T>(server: Server, question: Question<T>): Promise<T> {
    const { timeout, retries } = this.#settings
    const { options } = question
    const patience = {
      timeout: options?.timeout === undefined ? timeout : readTimeout(options.timeout),
      now: this.#clock.now(),
      retries,
    }
    const request = new Request(question, patience)
    if (options?.signal !== undefined) this.#aborts.watch(options.signal, request)
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

/** What a promise is, if it is there by then. */
function within(promise: Promise<void>, timeout: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (error: unknown): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    const onAbort = (): void => {
      stop(signal?.reason)
    }
    const timer = setTimeout(() => {
      stop(
        new MemkeepError(
          'ERR_MEMKEEP_COMMAND_TIMEOUT',
          `The discovery did not name the servers within ${String(timeout)} ms: check that its endpoint can be reached.`,
        ),
      )
    }, timeout)
    promise.then(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, stop)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
  })
}
