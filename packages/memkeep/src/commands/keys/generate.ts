import { generateKeyset } from '@memkeep/encryption'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { createKeyset } from '../../keys/keyset-file.ts'
import {
  addEnvOption,
  addFileOption,
  givenPath,
  pathOf,
  tell,
  type EnvOption,
  type KeysetOptions,
} from './options.ts'

/** `memkeep keys generate` */
export const generate: CommandDefinition = defineCommand<KeysetOptions & EnvOption>({
  name: 'generate',
  summary: 'make a keyset with one new key',
  description:
    'Makes a keyset with one new random key, in a file that only you can read. A file that is there is never overwritten. With --env and without a file, the key is printed and kept nowhere.',
  examples: [
    { line: 'memkeep keys generate --file keys.json', does: 'a keyset to rotate, for Keyring.fromFile' },
    {
      line: 'export "$(memkeep keys generate --env)"',
      does: 'one key as MEMKEEP_KEYS of this shell, kept nowhere else',
    },
  ],
  configure: (command) => {
    addEnvOption(addFileOption(command))
  },
  async run(context, _args, options) {
    const keyset = generateKeyset()
    const only = options.env === true && givenPath(options.file, context) === undefined
    const path = only ? undefined : pathOf(options, context)
    if (path !== undefined) await createKeyset(path, keyset)
    const { primary } = keyset
    tell(context, options, keyset, { file: path ?? null, primary }, () =>
      path === undefined
        ? `Key ${primary} was made, and is kept nowhere but where you put it.`
        : [
            `${path} has the new key ${primary}, which is primary: it seals and opens.`,
            `Next: give every service the file: Keyring.fromFile(${JSON.stringify(path)}), or MEMKEEP_KEYS_FILE=${path}`,
          ].join('\n'),
    )
    return EXIT.OK
  },
})
