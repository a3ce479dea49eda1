import type { CommandGroup } from '../../cli/definition.ts'
import { distribute } from './distribute.ts'
import { generate } from './generate.ts'
import { inspect } from './inspect.ts'
import { list } from './list.ts'
import { promote } from './promote.ts'
import { retire } from './retire.ts'
import { verify } from './verify.ts'

/** `memkeep keys …` */
export const keys: CommandGroup = {
  name: 'keys',
  summary: 'make and rotate the keys that values are sealed with',
  description:
    'Makes and rotates the keys that values are sealed with, in a keyset: a file that only its owner can read, changed as a whole and by one person at a time. Steps that would cost misses are refused.',
  commands: [generate, list, distribute, promote, retire, verify, inspect],
}
