/** How many ask at the same time. */
const WORKERS = 16

/** Keeps a client busy, each worker with a key of its own, until it is told to stop. */
export class Load {
  /** What asking rejected with, in order. */
  readonly failures: unknown[] = []
  readonly #ask: (key: string) => Promise<void>
  readonly #done: Promise<unknown>
  #answers = 0
  #running = true

  /** @param ask asks something about a key; rejects when the answer is not right, too */
  constructor(ask: (key: string) => Promise<void>) {
    this.#ask = ask
    this.#done = Promise.all(
      Array.from({ length: WORKERS }, (_, worker) => this.#work(`worker${String(worker)}`)),
    )
  }

  /** Waits for so many more answers. */
  async answered(more: number): Promise<void> {
    const wanted = this.#answers + more
    while (this.#answers < wanted) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  async #work(key: string): Promise<void> {
    while (this.#running) {
      try {
        await this.#ask(key)
        this.#answers++
      } catch (error) {
        this.failures.push(error)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
  }
}
