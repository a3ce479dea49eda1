import { MemkeepError } from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import type { Abortable } from '../connection/abort-watch.ts'

/** A call that waits until a discovery has named the servers: no longer than its time, and until its signal aborts. */
export class ServersWait implements Abortable {
  /** Resolves when the servers are known. */
  readonly result: Promise<void>
  onSettled: (() => void) | undefined
  readonly #timer: NodeJS.Timeout
  #reject: ((error: unknown) => void) | undefined

  /** @param timeout milliseconds */
  constructor(servers: Promise<void>, timeout: number) {
    this.result = new Promise((resolve, reject) => {
      this.#reject = reject
      servers.then(
        () => {
          this.#end()
          resolve()
        },
        (error: unknown) => {
          this.fail(error)
        },
      )
    })
    this.#timer = time.setTimeout(() => {
      this.fail(
        new MemkeepError(
          'ERR_MEMKEEP_COMMAND_TIMEOUT',
          `The discovery did not name the servers within ${String(timeout)} ms: check that its endpoint can be reached.`,
        ),
      )
    }, timeout)
  }

  fail(error: unknown): void {
    this.#reject?.(error)
    this.#end()
  }

  #end(): void {
    time.clearTimeout(this.#timer)
    this.onSettled?.()
    this.onSettled = undefined
  }
}
