import type { Command } from 'commander'

/** Says in the help what a command's one argument is. */
export function describeArgument(command: Command, text: string): void {
  for (const argument of command.registeredArguments) argument.description = text
}
