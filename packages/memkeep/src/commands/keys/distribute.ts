import { distributeKey, promotableAt } from '@memkeep/encryption'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { DEFAULT_SETTLE } from '../../keys/key-report.ts'
import { changeKeyset } from '../../keys/keyset-file.ts'
import {
  addEnvOption,
  addFileOption,
  addSettleOption,
  pathOf,
  settleArgument,
  tell,
  type EnvOption,
  type KeysetOptions,
  type RotationChoice,
} from './options.ts'
import { commandLine } from './step.ts'

/** `memkeep keys distribute` */
export const distribute: CommandDefinition = defineCommand<KeysetOptions & EnvOption & RotationChoice>({
  name: 'distribute',
  summary: 'add a new key that only opens (step 1 of a rotation)',
  description:
    'Step 1 of a rotation: adds a new random key to the keyset, which only opens. Give the keyset to every service then; once each has it, the key can be promoted.',
  examples: [{ line: 'memkeep keys distribute --file keys.json', does: 'begin a rotation' }],
  configure: (command) => {
    addEnvOption(addSettleOption(addFileOption(command)))
  },
  async run(context, _args, options) {
    const file = pathOf(options, context)
    const { settle = DEFAULT_SETTLE } = options
    const keyset = await changeKeyset(file, context.signal, (before) => distributeKey(before))
    const key = keyset.keys.at(-1)
    if (key === undefined) throw new TypeError('a keyset has a key')
    const promoteFrom = new Date(promotableAt(key, { settle })).toISOString()
    tell(context, options, keyset, { file, distributed: key.id, promoteFrom }, ({ bold }) =>
      [
        `Key ${bold(key.id)} is new in ${file}. It only opens; ${keyset.primary} still seals.`,
        'Next: give the keyset to every service, and when each has it,',
        `from ${promoteFrom} on: ${bold(commandLine('promote', file, key.id, ...settleArgument(options)))}`,
      ].join('\n'),
    )
    return EXIT.OK
  },
})
