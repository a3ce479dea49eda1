import { MemkeepError } from '@memkeep/core'
import { CommanderError, type Command } from 'commander'
import { colorsFor } from './colors.ts'
import type { CliContext } from './context.ts'

/** Says on standard error what went wrong: as JSON for machines, else as a sentence for people. */
export function tellFailure(
  error: unknown,
  program: Command,
  args: readonly string[],
  context: CliContext,
): void {
  const message = messageOf(error)
  const code = error instanceof MemkeepError ? error.code : undefined
  if (asksForJson(args)) {
    context.stderr.write(`${JSON.stringify({ error: { ...(code !== undefined && { code }), message } })}\n`)
    return
  }
  const { bold, red, dim } = colorsFor(context.stderr, context)
  const lines = [
    `${bold(red('memkeep:'))} ${message}${code === undefined ? '' : dim(` (${code})`)}`,
    ...(error instanceof CommanderError ? [dim(`See: ${pathOf(program, args)} --help`)] : []),
  ]
  context.stderr.write(`${lines.join('\n')}\n`)
}

/** commander's messages are for people who like them in two lines and in brackets. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof CommanderError)) return message
  return message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(
      /\n\(Did you mean (one of )?(.+?)\?\)$/,
      (_all, _many, names: string) => `: did you mean ${names}?`,
    )
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
