import type { CommandDefinition, CommandGroup } from '../cli/definition.ts'
import { certs } from './certs/index.ts'
import { completion } from './completion.ts'
import { doctor } from './doctor.ts'
import { dev } from './dev.ts'
import { keys } from './keys/index.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly (CommandDefinition | CommandGroup)[] = [doctor, dev, keys, certs, completion]
