import { Command, Option, type HelpConfiguration } from 'commander'
import { COMMANDS } from '../commands/index.ts'
import { colorsFor, type Colors } from './colors.ts'
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

/** Lines of help are no longer than people like to read. */
const MAX_COLUMNS = 100

/** The commands of a program. */
export type Commands = readonly (CommandDefinition | CommandGroup)[]

/** The program with every command. `onExit` is told how the command that ran ended. */
export function buildProgram(
  context: CliContext,
  onExit: (code: ExitCode) => void,
  commands: Commands = COMMANDS,
): Command {
  const program = prepare(new Command('memkeep'), context)
    .description('Hardens memcached: audits servers, makes keys and certificates, runs a hardened memcached.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', helpAfter(commands.map(firstExample), undefined, context))
  for (const entry of commands) {
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
  const group = prepare(new Command(name), context)
    .summary(summary)
    .description(flow(description))
    .helpCommand(false)
    .addHelpText('after', helpAfter(commands.map(firstExample), undefined, context))
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
  const command = prepare(new Command(name), context).summary(summary).description(flow(description))
  for (const arg of args) command.argument(arg)
  configure?.(command)
  command
    .addOption(new Option('--json', 'print JSON, for machines'))
    .addHelpText('after', helpAfter(examples, { ...MEANINGS, ...exitCodes }, context))
    .action(async (...given: unknown[]) => {
      const values = given.slice(0, -2)
      const options = command.opts<{ json?: boolean }>()
      const output = new Output(context, options.json === true)
      onExit(await definition.run({ ...context, output }, values, options))
    })
  parent.addCommand(command)
}

/** Everything goes where the context says, nothing ends the process, and errors are told by whoever runs it. */
function prepare(command: Command, context: CliContext): Command {
  const { stdout } = context
  const write = (text: string): unknown => stdout.write(text)
  const width = (): number => Math.min(stdout.columns ?? MAX_COLUMNS, MAX_COLUMNS)
  const colors = colorsFor(stdout, context)
  return command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .configureHelp(styles(colors))
    .configureOutput({
      writeOut: write,
      // what commander writes there beside errors is the help of a command that is named without a subcommand
      writeErr: write,
      outputError: () => undefined,
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      getOutHasColors: () => colors.isColorSupported,
      getErrHasColors: () => colors.isColorSupported,
    })
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
}

function styles({ bold, cyan }: Colors): HelpConfiguration {
  return {
    styleTitle: bold,
    styleCommandText: cyan,
    styleSubcommandText: cyan,
    styleOptionText: cyan,
    styleArgumentText: cyan,
  }
}

/** Lines of a paragraph as one, for the help to break where it is shown; what is indented stays as it is. */
function flow(text: string): string {
  return text.replace(/(?<=\S)\n(?=\S)/g, ' ')
}

function firstExample(entry: CommandDefinition | CommandGroup): Example | undefined {
  return 'commands' in entry ? entry.commands[0]?.examples[0] : entry.examples[0]
}

function helpAfter(
  examples: readonly (Example | undefined)[],
  exitCodes: Readonly<Record<number, string>> | undefined,
  context: CliContext,
): string {
  const { bold, dim } = colorsFor(context.stdout, context)
  const lines = examples.flatMap((example) =>
    example === undefined ? [] : [dim(`  # ${example.does}`), `  ${example.line}`],
  )
  const codes = Object.entries(exitCodes ?? {}).map(([code, meaning]) => `  ${code.padEnd(4)} ${meaning}`)
  return [
    ...(lines.length === 0 ? [] : ['', bold('Examples:'), ...lines]),
    ...(codes.length === 0 ? [] : ['', bold('Exit codes:'), ...codes]),
  ].join('\n')
}
