import type { VirtualClock } from './virtual-clock.ts'

/** How long to wait: turns of the event loop, or milliseconds. */
export interface Pause {
  readonly turns: number
  readonly milliseconds: number
}

/** Things to do one after another, each after a pause. */
export class ActQueue {
  readonly #clock: VirtualClock
  readonly #acts: { readonly pause: Pause; readonly play: () => void }[] = []
  #acting = false

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Does that when all before it is done, and the pause is over. */
  push(pause: Pause, play: () => void): void {
    this.#acts.push({ pause, play })
    if (!this.#acting) this.#next()
  }

  #next(): void {
    const act = this.#acts.shift()
    this.#acting = act !== undefined
    if (act === undefined) return
    const { turns, milliseconds } = act.pause
    const run = (): void => {
      act.play()
      this.#next()
    }
    if (milliseconds > 0) this.#clock.after(milliseconds, run)
    else afterTurns(turns, run)
  }
}

function afterTurns(turns: number, run: () => void): void {
  if (turns === 0) run()
  else
    setImmediate(() => {
      afterTurns(turns - 1, run)
    })
}
