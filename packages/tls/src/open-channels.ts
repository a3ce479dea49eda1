import type { Channel } from '@memkeep/core'
import { Retirement } from '@memkeep/core/internal'
import type { ConnectionDescription } from './description.ts'
import type { Generation } from './generation.ts'

/** A channel that is open, what it was made with, and how it is replaced. */
export interface OpenChannel {
  readonly channel: Channel
  readonly generation: Generation
  readonly description: Omit<ConnectionDescription, 'retiring'>
  readonly onRetire: (() => void) | undefined
}

/** The open channels of a transport. */
export class OpenChannels {
  readonly #open = new Set<OpenChannel>()
  readonly #retiring = new WeakSet<OpenChannel>()
  readonly #retirement = new Retirement()

  /** Takes one in until it is closed. */
  add(open: OpenChannel): void {
    this.#open.add(open)
    open.channel.once('close', () => this.#open.delete(open))
  }

  /** Has those replaced, one by one, that were made with other certificates than these, where their owner can. */
  replaceOthers(generation: Generation): void {
    for (const open of this.#open) {
      if (open.generation === generation || open.onRetire === undefined || this.#retiring.has(open)) continue
      this.#retiring.add(open)
      this.#retirement.add(open.channel, open.onRetire)
    }
  }

  /** Ends those to a server that were made with older certificates than these, by which it is not trusted. */
  endOlder(server: string, generation: Generation, error: Error): void {
    for (const { channel, generation: own, description } of this.#open) {
      if (description.server === server && own.number < generation.number) channel.destroy(error)
    }
  }

  describe(): readonly ConnectionDescription[] {
    return [...this.#open].map((open) => ({ ...open.description, retiring: this.#retiring.has(open) }))
  }
}
