import type { Argument, Command, Option } from 'commander'
import type { Sink } from './context.ts'

/** The command that the scripts ask, hidden from the help: `memkeep complete -- <words>`. */
const ASKED = 'complete'

/** What the scripts read from the last line, as those of Cobra do: whether they may go on to names of files. */
const FILES = ':0'
const NO_FILES = ':4'

/** Something that may stand where the cursor is. */
interface Candidate {
  readonly value: string
  readonly description: string
}

/** What may stand where the cursor is. */
export interface Completion {
  readonly candidates: readonly Candidate[]
  /** Whether it may be the name of a file. */
  readonly files: boolean
}

/** Answers a shell that asks for completions; false when none does. */
export function answerCompletion(program: Command, args: readonly string[], stdout: Sink): boolean {
  if (args[0] !== ASKED || args[1] !== '--') return false
  const { candidates, files } = complete(program, args.slice(2))
  const lines = candidates.map(({ value, description }) => `${value}\t${description}`)
  stdout.write(`${[...lines, files ? FILES : NO_FILES].join('\n')}\n`)
  return true
}

/**
 * What may come next.
 *
 * @param words those after the name of the program, the last of them the one at the cursor, empty where it begins
 */
export function complete(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? ''
  let command = program
  let awaited: Option | undefined
  let args = 0
  let onlyArguments = false
  for (const word of words.slice(0, -1)) {
    if (awaited !== undefined) {
      awaited = undefined
    } else if (onlyArguments) {
      args++
    } else if (word === '--') {
      onlyArguments = true
    } else if (word.startsWith('-')) {
      const option = optionOf(command, word)
      if (option !== undefined && takesValue(option)) awaited = option
    } else {
      const next = command.commands.find((each) => each.name() === word)
      if (next === undefined) args++
      else command = next
    }
  }
  if (awaited !== undefined) return values(awaited, current, '')
  if (!onlyArguments && current.startsWith('-')) return options(command, current)
  if (command.commands.length > 0)
    return { candidates: args > 0 ? [] : commands(command, current), files: false }
  const { registeredArguments } = command
  const last = registeredArguments.at(-1)
  const argument = registeredArguments[args] ?? (last?.variadic === true ? last : undefined)
  return argument === undefined ? { candidates: [], files: false } : values(argument, current, '')
}

function options(command: Command, current: string): Completion {
  const equals = current.indexOf('=')
  if (equals >= 0) {
    const option = optionOf(command, current.slice(0, equals))
    if (option === undefined || !takesValue(option)) return { candidates: [], files: false }
    return values(option, current.slice(equals + 1), current.slice(0, equals + 1))
  }
  const candidates = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short, description }) =>
      [long, short].flatMap((value) => (value?.startsWith(current) === true ? [{ value, description }] : [])),
    )
  // those of one letter are there for whoever asks for all
  const long = candidates.filter(({ value }) => value.startsWith('--'))
  return { candidates: current === '-' || long.length === 0 ? candidates : long, files: false }
}

function commands(command: Command, current: string): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.summary() || each.description() }))
    .filter(({ value }) => value.startsWith(current))
}

/** Values of an option or argument; one that has no choices may be anything, a file for example. */
function values({ argChoices }: Option | Argument, current: string, before: string): Completion {
  if (argChoices === undefined) return { candidates: [], files: true }
  const fitting = argChoices.filter((choice) => choice.startsWith(current))
  return { candidates: fitting.map((value) => ({ value: before + value, description: '' })), files: false }
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => long === word || short === word)
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}
