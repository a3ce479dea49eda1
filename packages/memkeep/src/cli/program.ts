import { Command, Option } from 'commander'
import { COMMANDS } from '../commands/index.ts'
import type { CliContext } from './context.ts'
import type { CommandDefinition, CommandGroup, Example } from './definition.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { Output } from './output.ts'
import { VERSION } from './version.ts'

const MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.OK]: 'done, and the answer is good',
  [EXIT.NO]: 'done, and the answer is no',
  [EXIT.FAILED]: 'could not be done, and nothing was changed',
  [EXIT.INTERRUPTED]: 'interrupted',
}

/** The program with every command. `onExit` is told how the command that ran ended. */
export function buildProgram(context: CliContext, onExit: (code: ExitCode) => void): Command {
  const program = prepare(new Command('memkeep'), context)
    .description('Hardens memcached: audits servers, makes keys and certificates, runs a hardened memcached.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
  for (const entry of COMMANDS) {
    if ('commands' in entry) addGroup(program, entry, context, onExit)
    else addCommand(program, entry, context, onExit)
  }
  return program
}

function addGroup(
  parent: Command,
  { name, summary, description, commands }: CommandGroup,
  context: CliContext,
  onExit: (code: ExitCode) => void,
): void {
  const group = prepare(new Command(name), context).summary(summary).description(description)
  for (const command of commands) addCommand(group, command, context, onExit)
  parent.addCommand(group)
}

function addCommand(
  parent: Command,
  definition: CommandDefinition,
  context: CliContext,
  onExit: (code: ExitCode) => void,
): void {
  const { summary, description, examples, exitCodes, configure } = definition
  const [name = '', ...args] = definition.name.split(' ')
  const command = prepare(new Command(name), context).summary(summary).description(description)
  for (const arg of args) command.argument(arg)
  configure?.(command)
  command
    .addOption(new Option('--json', 'print JSON, for machines'))
    .addHelpText('after', helpAfter(examples, { ...MEANINGS, ...exitCodes }))
    .action(async (...given: unknown[]) => {
      const values = given.slice(0, -2)
      const options = command.opts<{ json?: boolean }>()
      const output = new Output(context, options.json === true)
      onExit(await definition.run({ ...context, output }, values, options))
    })
  parent.addCommand(command)
}

/** Everything goes where the context says, and nothing ends the process. */
function prepare(command: Command, { stdout, stderr }: CliContext): Command {
  return command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
}

function helpAfter(examples: readonly Example[], exitCodes: Readonly<Record<number, string>>): string {
  return [
    '',
    'Examples:',
    ...examples.flatMap(({ line, does }) => [`  # ${does}`, `  ${line}`]),
    '',
    'Exit codes:',
    ...Object.entries(exitCodes).map(([code, meaning]) => `  ${code.padEnd(4)} ${meaning}`),
  ].join('\n')
}
