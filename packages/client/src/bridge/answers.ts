import { RequestQueue } from '../connection/request-queue.ts'
import type { Command } from '../protocol/command.ts'
import { desynchronised, type Reply } from '../protocol/reply.ts'
import type { Outbox } from './outbox.ts'
import { fits } from './say.ts'

/** Something that the client is to be told, in its turn. */
export type Due =
  /** Known at the latest when its turn comes. */
  | { readonly kind: 'line'; readonly text: () => string }
  /** What the server replies to a command. */
  | {
      readonly kind: 'reply'
      readonly opaque: number
      readonly command: Command
      /** The command has any number of replies: they end with the first reply to the next command. */
      readonly many: boolean
      /** Says the reply; it and its views hold during the call. */
      readonly say: (reply: Reply, out: Outbox) => void
    }
  /** Nothing more. */
  | { readonly kind: 'end' }

/** Brings what the server replies, and what is known without it, into the order in which the client asked. */
export class Answers {
  readonly #queue = new RequestQueue<Due>()
  readonly #out: Outbox
  #ended = false

  constructor(out: Outbox) {
    this.#out = out
  }

  /** Whether nothing is due. */
  get settled(): boolean {
    return this.#queue.length === 0
  }

  /** Whether the last answer was given. */
  get ended(): boolean {
    return this.#ended
  }

  add(due: Due): void {
    this.#queue.push(due)
    this.#advance()
  }

  /** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for a reply that is none to the command whose turn it is */
  take(reply: Reply): void {
    let due = this.#queue.peek()
    if (due?.kind === 'reply' && due.many && reply.opaque !== due.opaque) {
      this.#queue.shift()
      this.#advance()
      due = this.#queue.peek()
    }
    if (due?.kind !== 'reply' || reply.opaque !== due.opaque || !fits(reply, due.command)) {
      throw desynchronised('sent a reply that nobody asked for')
    }
    due.say(reply, this.#out)
    if (due.many) return
    this.#queue.shift()
    this.#advance()
  }

  /** Says what needs no reply. */
  #advance(): void {
    for (let due = this.#queue.peek(); due !== undefined && due.kind !== 'reply'; due = this.#queue.peek()) {
      this.#queue.shift()
      if (due.kind === 'line') this.#out.add(due.text())
      else this.#ended = true
    }
  }
}
