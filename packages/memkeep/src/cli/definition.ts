import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import type { ExitCode } from './exit-code.ts'
import type { Output } from './output.ts'

/** A command line that works, and what it does. */
export interface Example {
  readonly line: string
  readonly does: string
}

/** What a command is given to run with. */
export interface RunContext extends CliContext {
  readonly output: Output
}

/** A command as data: what its help says, and what it does. */
export interface CommandDefinition<Options extends object = object> {
  /** Its name and arguments as commander reads them: `inspect <envelope>`. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What it does, for its own help. */
  readonly description: string
  readonly examples: readonly [Example, ...Example[]]
  /** What exit codes mean here, where the general meaning says too little. */
  readonly exitCodes?: Readonly<Partial<Record<ExitCode, string>>>
  /** Adds its options, and describes its arguments. `--json` is every command's. */
  readonly configure?: (command: Command) => void
  /** @param args its arguments, in order; those that repeat are arrays */
  run(context: RunContext, args: readonly unknown[], options: Options): Promise<ExitCode>
}

/** Several commands under one name: `keys generate`, `keys list`. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly commands: readonly CommandDefinition[]
}

/** Takes the type of a command's options away, so that commands of different options stand in one list. */
export function defineCommand<Options extends object>(
  definition: CommandDefinition<Options>,
): CommandDefinition {
  return definition
}
