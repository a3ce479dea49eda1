import type { CommandDefinition, CommandGroup } from '../cli/definition.ts'
import { completion } from './completion.ts'
import { keys } from './keys/index.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly (CommandDefinition | CommandGroup)[] = [keys, completion]
