import { MemkeepError } from '@memkeep/core'
import { displayJson, displayText } from '@memkeep/core/internal'
import { CommanderError, type Command } from 'commander'
import { colorsFor } from './colors.ts'
import type { CliContext } from './context.ts'

const NAME = /^(?:-[a-z]|(?:--)?[a-z][a-z-]{0,30})$/

/** Says on standard error what went wrong: as JSON for machines, else as a sentence for people. */
export function tellFailure(
  error: unknown,
  program: Command,
  args: readonly string[],
  context: CliContext,
): void {
  const message = displayText(messageOf(error))
  const code = error instanceof MemkeepError ? error.code : undefined
  if (asksForJson(args)) {
    context.stderr.write(`${displayJson({ error: { ...(code !== undefined && { code }), message } })}\n`)
    return
  }
  const { bold, red, dim } = colorsFor(context.stderr, context)
  const lines = [
    `${bold(red('memkeep:'))} ${message}${code === undefined ? '' : dim(` (${code})`)}`,
    ...(error instanceof CommanderError ? [dim(`See: ${pathOf(program, args)} --help`)] : []),
  ]
  context.stderr.write(`${lines.join('\n')}\n`)
}

/**
 * commander's messages are in two lines and in brackets, and repeat what was written: passwords as arguments, and
 * addresses with one.
 */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof CommanderError)) return message
  return withoutValues(message.replace(/^error: /, ''))
    .replace(/\.$/, '')
    .replace(
      /\n\(Did you mean (one of )?(.+?)\?\)$/,
      (_all, _many, names: string) => `: did you mean ${names}?`,
    )
}

/** A message of commander without anything that is not the name of an option or a command by its form. */
function withoutValues(message: string): string {
  return message
    .replace(
      /^(unknown (?:option|command)) '([^]*?)'(?=$|\n\(Did you mean [^']*$)/,
      (_all, what, written: string) => {
        const [name = ''] = written.split('=', 1)
        return NAME.test(name) ? `${String(what)} '${name}'` : String(what)
      },
    )
    .replace(/^(option '[^']*') argument '[^]*' is invalid\./, '$1: the argument is invalid.')
    .replace(/^command-argument value '[^]*' is invalid for (argument '[^']*')\./, 'the $1 is invalid.')
}

/** The command that arguments name, with those above it: `memkeep keys list`. */
function pathOf(program: Command, args: readonly string[]): string {
  let command = program
  const path = [program.name()]
  for (const arg of args) {
    const next = command.commands.find((each) => each.name() === arg)
    if (next === undefined) break
    command = next
    path.push(arg)
  }
  return path.join(' ')
}

function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).includes('--json')
}
