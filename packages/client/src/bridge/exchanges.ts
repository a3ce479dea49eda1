import { randomInt } from 'node:crypto'
import type { WriteBatch } from '../connection/write-batch.ts'
import { binaryOfBytes } from '../protocol/binary.ts'
import type { Command } from '../protocol/command.ts'
import type { Reply } from '../protocol/reply.ts'
import type { Answers } from './answers.ts'
import type { Outbox } from './outbox.ts'
import { sayFault, sayReply, sayStatistic } from './say.ts'
import type { GetOptions, StatsForm } from './text-command.ts'

/** Below this the first token is drawn. */
const FIRST_TOKENS = 1_000_000
const VERSION: Command = { verb: 'version' }
const EMPTY: Buffer = Buffer.alloc(0)

type Say = (reply: Reply, out: Outbox) => void

/** Sends binary commands for text ones, and lets each reply be answered in its turn. */
export class Exchanges {
  readonly #answers: Answers
  readonly #batch: WriteBatch
  /** The token of the last command. They start anywhere, so that no reply of another connection fits. */
  #opaque: number = randomInt(FIRST_TOKENS)

  constructor(answers: Answers, batch: WriteBatch) {
    this.#answers = answers
    this.#batch = batch
  }

  /** A command with one reply, which is said unless the client wants none. */
  run(command: Command, noreply: boolean): void {
    // what was sent need not be held until its reply comes
    const answered = 'value' in command ? { ...command, value: EMPTY } : command
    // quiet commands would be silent on success only, and touch has no quiet form
    this.#send(command, answered, (reply, out) => {
      if (!noreply) out.add(`${sayReply(reply, answered)}\r\n`)
    })
  }

  /** A `cas` with a unique of 0, which no item has; in binary it would be a store in any case. */
  compareWithNone(key: string, noreply: boolean): void {
    const command: Command = { verb: 'get', key, withCas: false, exptime: undefined }
    this.#send(command, command, (reply, out) => {
      if (noreply) return
      if (reply.status === 'error') out.add(`${sayFault(reply, ' storing object')}\r\n`)
      else out.add(reply.status === 'value' ? 'EXISTS\r\n' : 'NOT_FOUND\r\n')
    })
  }

  /** Values that are there, and one end behind them (`protocol.txt`, "Retrieval command"). */
  get(keys: readonly string[], { withCas, exptime, refusal }: GetOptions): void {
    const fault: Fault = { line: refusal }
    for (const key of keys) {
      const command: Command = { verb: 'get', key, withCas, exptime }
      this.#send(command, command, (reply, out) => {
        if (reply.status === 'error') fault.line ??= sayFault(reply, ' writing get response')
        else if (reply.status === 'value' && fault.line === undefined) sayValue(reply, key, withCas, out)
      })
    }
    // the end depends on what came before
    this.#answers.add({ kind: 'line', text: () => `${fault.line ?? 'END'}\r\n` })
  }

  /** A group of statistics. Some end without a word, so another command tells that they have. */
  stats(group: string, form: StatsForm): void {
    const command: Command = { verb: 'stats', group }
    const say: Say = (reply, out) => {
      out.add(sayStatistic(reply, form))
    }
    this.#send(command, command, say, true)
    this.run(VERSION, true)
  }

  #send(command: Command, answered: Command, say: Say, many = false): void {
    this.#opaque = (this.#opaque + 1) % 2 ** 32
    const opaque = this.#opaque
    this.#answers.add({ kind: 'reply', opaque, command: answered, many, say })
    const out = this.#batch.reserve(binaryOfBytes.bound(command))
    this.#batch.commit(binaryOfBytes.write(command, opaque, out, this.#batch.at))
  }
}

/** Why a get is answered with no end. */
interface Fault {
  line: string | undefined
}

function sayValue(reply: Reply, key: string, withCas: boolean, out: Outbox): void {
  const value = reply.value ?? EMPTY
  const unique = withCas ? ` ${String(reply.cas)}` : ''
  out.add(`VALUE ${key} ${String(reply.flags)} ${String(value.length)}${unique}\r\n`)
  out.add(value)
  out.add('\r\n')
}
