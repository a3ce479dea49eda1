import { promotableAt, promoteKey, type Keyset } from '@memkeep/encryption'
import { describeArgument } from '../../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { DEFAULT_SETTLE, roleOf } from '../../keys/key-report.ts'
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
import { commandLine, findKey, unclear, withWait } from './step.ts'

/** `memkeep keys promote` */
export const promote: CommandDefinition = defineCommand<KeysetOptions & EnvOption & RotationChoice>({
  name: 'promote [id]',
  summary: 'make a key primary (step 2 of a rotation)',
  description:
    'Step 2 of a rotation: makes a key primary, so that it seals from now on; the one before still opens what it sealed. Without an id it is the newest key that was never primary. Refused while processes may not have the key yet (--settle after it was made). To go back, promote the old key again.',
  examples: [
    { line: 'memkeep keys promote --file keys.json', does: 'the key that was distributed an hour ago' },
    {
      line: 'memkeep keys promote --file keys.json --settle 5m',
      does: 'where every process has a new keyset within five minutes',
    },
  ],
  configure: (command) => {
    describeArgument(command, "the key's id, as keys list shows it")
    addEnvOption(addSettleOption(addFileOption(command)))
  },
  async run(context, [given], options) {
    const file = pathOf(options, context)
    const { settle = DEFAULT_SETTLE } = options
    let promoted = ''
    let before = ''
    const keyset = await changeKeyset(file, context.signal, (old) => {
      promoted = typeof given === 'string' ? given : newestOf(old, file)
      before = old.primary
      const now = new Date()
      try {
        return promoteKey(old, promoted, { settle, now })
      } catch (error) {
        const key = findKey(old, promoted)
        throw key === undefined ? error : withWait(error, promotableAt(key, { settle }), now)
      }
    })
    tell(context, options, keyset, { file, promoted, before }, ({ bold }) =>
      [
        `Key ${bold(promoted)} is primary in ${file}: it seals from now on. ${before} opens what it sealed.`,
        'Next: give the keyset to every service, and when the longest TTL has passed after that:',
        bold(commandLine('retire', file, before, '--longest-ttl <duration>', ...settleArgument(options))),
        ...(keyset.nameKey === before
          ? [`Key names are made with ${before}: where none are hidden, --repin-names lets it go.`]
          : []),
      ].join('\n'),
    )
    return EXIT.OK
  },
})

/** The newest key that was never primary. */
function newestOf(keyset: Keyset, file: string): string {
  const fresh = keyset.keys.filter((key) => roleOf(key) === 'new')
  const newest = fresh.toSorted((left, right) => Date.parse(left.created) - Date.parse(right.created)).at(-1)
  if (newest !== undefined) return newest.id
  throw unclear(
    `No key of ${file} is new: ${commandLine('distribute', file)} adds one, and an id says which old one to go back to.`,
  )
}
