import type { WriteBatch } from '../connection/write-batch.ts'
import { binaryOfBytes } from '../protocol/binary.ts'
import { ReplyReader } from '../protocol/reply-reader.ts'
import { Answers } from './answers.ts'
import { Exchanges } from './exchanges.ts'
import { Outbox } from './outbox.ts'
import { parseLine } from './parse-line.ts'
import { BAD_CHUNK, type TextCommand } from './text-command.ts'
import { TextInput } from './text-input.ts'

/** What the next bytes of the client are. */
type Expected =
  | { readonly kind: 'line' }
  | Extract<TextCommand, { readonly kind: 'store' }>
  | { readonly kind: 'swallow'; readonly bytes: number }

const LINE: Expected = { kind: 'line' }
const LINE_END = Buffer.from('\r\n')

/** A conversation in text with a server that speaks binary, without its streams. */
export class TextSession {
  readonly #input = new TextInput()
  readonly #out = new Outbox()
  readonly #answers: Answers = new Answers(this.#out)
  readonly #exchanges: Exchanges
  readonly #reader: ReplyReader
  #expected: Expected = LINE
  #closing = false

  /** @param batch takes the commands for the server */
  constructor(batch: WriteBatch) {
    this.#exchanges = new Exchanges(this.#answers, batch)
    this.#reader = new ReplyReader(binaryOfBytes, (reply) => {
      this.#answers.take(reply)
    })
  }

  /** Whether every answer was given. */
  get settled(): boolean {
    return this.#answers.settled
  }

  /** Whether the last answer was given: the client, or a line that is none, ended the conversation. */
  get ended(): boolean {
    return this.#answers.ended
  }

  /** How many bytes the client is to be told. */
  get waiting(): number {
    return this.#out.bytes
  }

  /** Adds what the client wrote, to be run by {@link TextSession.step}; what it wrote before was run. */
  write(chunk: Buffer): void {
    if (!this.#closing) this.#input.push(chunk)
  }

  /** Runs the next command; false when there is no whole one. */
  step(): boolean {
    if (this.#closing) return false
    const expected = this.#expected
    switch (expected.kind) {
      case 'line':
        return this.#takeLine()
      case 'store':
        return this.#takeValue(expected)
      case 'swallow':
        return this.#swallow(expected.bytes)
    }
  }

  /** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` when it makes no sense, or was not asked for */
  receive(chunk: Buffer): void {
    this.#reader.push(chunk)
  }

  /** Takes out what the client is to be told. */
  takeAnswers(): Buffer[] {
    return this.#out.take()
  }

  #takeLine(): boolean {
    const line = this.#input.takeLine()
    if (line === undefined) return false
    if (line === null) this.#end()
    else this.#run(parseLine(line))
    return true
  }

  #run(command: TextCommand): void {
    switch (command.kind) {
      case 'answer':
        this.#say(command.line)
        return
      case 'store':
        this.#expected = command
        return
      case 'swallow':
        this.#expected = command
        this.#say(command.line)
        // as the server does, which has no room for the new value, and must not show the old one
        if (command.forget !== undefined) this.#exchanges.run({ verb: 'delete', key: command.forget }, true)
        return
      case 'run':
        this.#exchanges.run(command.command, command.noreply)
        return
      case 'version':
        this.#exchanges.run({ verb: 'version' }, false)
        return
      case 'get':
        this.#exchanges.get(command.keys, command.options)
        return
      case 'stats':
        this.#exchanges.stats(command.group, command.form)
        return
      case 'end':
        this.#end()
    }
  }

  #takeValue({ head, length, noreply }: Extract<Expected, { readonly kind: 'store' }>): boolean {
    const block = this.#input.takeBlock(length + LINE_END.length)
    if (block === undefined) return false
    this.#expected = LINE
    const isWhole = block.subarray(length).equals(LINE_END)
    if (isWhole && head.cas === 0n) {
      this.#exchanges.compareWithNone(head.key, noreply)
    } else if (isWhole) {
      this.#exchanges.run({ ...head, value: block.subarray(0, length) }, noreply)
    } else if (!noreply) {
      this.#say(BAD_CHUNK)
    }
    return true
  }

  #swallow(bytes: number): boolean {
    const left = bytes - this.#input.skip(bytes)
    this.#expected = left === 0 ? LINE : { kind: 'swallow', bytes: left }
    return left === 0
  }

  #say(line: string): void {
    if (line !== '') this.#answers.add({ kind: 'line', text: () => `${line}\r\n` })
  }

  /** What comes after this is not looked at. */
  #end(): void {
    this.#closing = true
    this.#input.clear()
    this.#answers.add({ kind: 'end' })
  }
}
