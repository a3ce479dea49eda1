import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { SliceFigures, Workload } from 'memkeep/internal/bench'
import type { Contestant, Target } from './contestants/contestant.ts'
import type { Failure, Request, Response } from './messages.ts'

/** The built worker: a child runs no sources. */
const WORKER = new URL('../dist/worker.js', import.meta.url)
/** How many times its patience a process has for a step that answers, but does not end. */
const LONGEST = 6

/** Where a contestant sits. */
export interface SeatOptions {
  readonly contestant: Contestant
  /** URL of the module that exports it among its `contestants`. */
  readonly source: string
  readonly target: Target
  /** What its keys begin with. */
  readonly prefix: string
  /** Milliseconds without a reply after which it hangs. */
  readonly patience: number
}

/** A contestant in a process of its own, so that CPU and memory are its own; one that failed gets a new one. */
export class Seat {
  readonly contestant: Contestant
  readonly #options: SeatOptions
  #child: ChildProcess | undefined
  #size: number | undefined
  /** What keeps it from starting. */
  #unfit: Failure | undefined

  constructor(options: SeatOptions) {
    this.contestant = options.contestant
    this.#options = options
  }

  /** Sees to it that the process runs, is connected and has stored its values of that size, in bytes. */
  async prepare(size: number): Promise<Failure | undefined> {
    if (this.#unfit !== undefined || (this.#child !== undefined && this.#size === size)) return this.#unfit
    const { source, contestant, target, prefix, patience } = this.#options
    this.#child ??= fork(WORKER, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    this.#size = size
    const steps: readonly Request[] = [
      { type: 'open', source, name: contestant.name, target },
      { type: 'seed', size, prefix: `${prefix}:${String(size)}`, patience },
    ]
    for (const step of steps) {
      const response = await this.#ask(step, patience * LONGEST)
      if (response.type === 'failed') {
        this.#unfit = response.failure
        await this.leave()
        return response.failure
      }
    }
    return undefined
  }

  /** Does one slice of a workload; a contestant that fails loses its process. */
  async run(workload: Workload, milliseconds: number): Promise<SliceFigures | Failure> {
    const unfit = await this.prepare(workload.size)
    if (unfit !== undefined) return unfit
    const { patience } = this.#options
    const times = { milliseconds, patience }
    const response = await this.#ask({ type: 'run', workload, times }, 2 * milliseconds + patience * LONGEST)
    if (response.type === 'done' && response.figures !== undefined) return response.figures
    await this.leave()
    return response.type === 'failed' ? response.failure : { kind: 'fails', detail: 'measured nothing' }
  }

  /** Ends the process. */
  async leave(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** One question, one answer; silence is a hang, and an end of the process a failure. */
  #ask(request: Request, limit: number): Promise<Response> {
    const child = this.#child
    return new Promise((resolve) => {
      const settle = (response: Response): void => {
        clearTimeout(timer)
        child?.off('message', answered).off('exit', ended)
        resolve(response)
      }
      const fail = (kind: Failure['kind'], detail: string): void => {
        settle({ type: 'failed', failure: { kind, detail } })
      }
      const answered = (response: unknown): void => {
        settle(response as Response)
      }
      const ended = (code: number | null, signal: string | null): void => {
        fail('fails', `its process ended with ${signal ?? `code ${String(code)}`}`)
      }
      const timer = setTimeout(() => {
        fail('hangs', `not done after ${String(limit)} ms`)
      }, limit)
      child?.on('message', answered).on('exit', ended)
      child?.send(request, (error) => {
        if (error !== null) fail('fails', error.message)
      })
    })
  }
}
