import { MemkeepError } from '@memkeep/core'

/**
 * Bounds how long calls wait for a server that took the connection and is silent: as long as for the answer to a
 * command. The connection itself has more time, so that a handshake that takes longer still succeeds.
 */
export class AnswerWait {
  readonly #server: string
  readonly #milliseconds: number
  readonly #connected: Promise<void>
  #onConnected: () => void = () => undefined
  #started = false

  /**
   * @param server as the user wrote it, for messages
   * @param milliseconds the client's `cmdTimeout`
   */
  constructor(server: string, milliseconds: number) {
    this.#server = server
    this.#milliseconds = milliseconds
    this.#connected = new Promise((resolve) => {
      this.#onConnected = resolve
    })
  }

  /** Whether the server took the connection. */
  get started(): boolean {
    return this.#started
  }

  /** Called when the server took the connection. */
  start(): void {
    this.#started = true
    this.#onConnected()
  }

  /**
   * What `opened` becomes, for one call.
   *
   * @throws MemkeepError `ERR_MEMKEEP_COMMAND_TIMEOUT` when the server is silent for too long
   */
  async for<T>(opened: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    let settled = false
    const silence = this.#connected.then(
      () =>
        new Promise<never>((_, reject) => {
          if (settled) return
          timer = setTimeout(() => {
            // what came while the process was busy is read first
            setImmediate(() => {
              reject(this.#silent())
            })
          }, this.#milliseconds).unref()
        }),
    )
    try {
      return await Promise.race([opened, silence])
    } finally {
      settled = true
      clearTimeout(timer)
    }
  }

  #silent(): MemkeepError {
    return new MemkeepError(
      'ERR_MEMKEEP_COMMAND_TIMEOUT',
      `${this.#server} took the connection and did not answer within ${String(this.#milliseconds)} ms: check that it is not stopped or overloaded, and the network, or raise "cmdTimeout".`,
    )
  }
}
