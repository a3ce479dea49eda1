import type { CommandDefinition, CommandGroup } from '../cli/definition.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly (CommandDefinition | CommandGroup)[] = []
