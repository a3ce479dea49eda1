import type { CommandDefinition, CommandGroup } from '../cli/definition.ts'
import { bench } from './bench.ts'
import { certs } from './certs/index.ts'
import { completion } from './completion.ts'
import { dev } from './dev.ts'
import { doctor } from './doctor.ts'
import { keys } from './keys/index.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly (CommandDefinition | CommandGroup)[] = [
  doctor,
  keys,
  certs,
  dev,
  bench,
  completion,
]
