import { hasSealed, pinNameKey, retirableAt, retireKey, type Keyset } from '@memkeep/encryption'
import { describeArgument } from '../../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { DEFAULT_SETTLE, roleOf } from '../../keys/key-report.ts'
import { changeKeyset } from '../../keys/keyset-file.ts'
import {
  addEnvOption,
  addFileOption,
  addSettleOption,
  addTtlOption,
  pathOf,
  tell,
  type EnvOption,
  type KeysetOptions,
  type RotationChoice,
} from './options.ts'
import { findKey, unclear, withWait } from './step.ts'

interface RetireOptions extends KeysetOptions, EnvOption, RotationChoice {
  readonly repinNames?: boolean
}

/** `memkeep keys retire` */
export const retire: CommandDefinition = defineCommand<RetireOptions>({
  name: 'retire [id]',
  summary: 'remove a key that nothing is sealed with any more (step 3 of a rotation)',
  description:
    'Step 3 of a rotation: removes a key for good. Without an id it is the one old key, if there is one only. Refused while values that it sealed may be in the cache (--longest-ttl and --settle after another became primary), and for the key that hidden key names are made with, unless --repin-names has them made with the primary one.',
  examples: [
    {
      line: 'memkeep keys retire --file keys.json --longest-ttl 7d',
      does: 'where no value lives longer than a week',
    },
    {
      line: 'memkeep keys retire --file keys.json --longest-ttl 1h --repin-names',
      does: "the first key, where key names are not hidden (keyNames: 'plain')",
    },
  ],
  configure: (command) => {
    describeArgument(command, "the key's id, as keys list shows it")
    addTtlOption(addSettleOption(addFileOption(command)))
    command.option(
      '--repin-names',
      "have hidden key names made with the primary key: with keyNames 'hmac' all of them change, and the cache is as good as empty",
    )
    addEnvOption(command)
  },
  async run(context, [given], options) {
    const file = pathOf(options, context)
    let retired = ''
    const keyset = await changeKeyset(file, context.signal, (old) => {
      retired = typeof given === 'string' ? given : oldOf(old)
      return retireFrom(old, retired, options)
    })
    tell(context, options, keyset, { file, retired }, ({ bold }) =>
      [
        `Key ${bold(retired)} is gone from ${file}. ${keyset.primary} is primary.`,
        'Next: give the keyset to every service. The rotation is complete.',
      ].join('\n'),
    )
    return EXIT.OK
  },
})

function retireFrom(
  old: Keyset,
  id: string,
  { settle = DEFAULT_SETTLE, longestTtl, repinNames }: RetireOptions,
): Keyset {
  const key = findKey(old, id)
  if (longestTtl === undefined && key !== undefined && hasSealed(key) && key.status !== 'active') {
    throw new TypeError(`key ${id} has sealed values: say how long they live at most, as --longest-ttl 7d`)
  }
  const now = new Date()
  const limits = { settle, longestTtl: (longestTtl ?? 0) / 1000 }
  const keyset = repinNames === true && old.nameKey === id ? pinNameKey(old, old.primary) : old
  if (keyset.nameKey === id && key?.status !== 'active') {
    throw unclear(
      `Key names are made with key ${id}, and would all change without it. Keep it; or, where key names are not hidden or the cache may be emptied, add --repin-names.`,
    )
  }
  try {
    return retireKey(keyset, id, { ...limits, now })
  } catch (error) {
    throw key === undefined ? error : withWait(error, retirableAt(key, limits), now)
  }
}

/** The one key that was primary before. */
function oldOf(keyset: Keyset): string {
  const [first, ...others] = keyset.keys.filter((key) => roleOf(key) === 'old').map(({ id }) => id)
  if (first !== undefined && others.length === 0) return first
  throw unclear(
    first === undefined
      ? 'No key of the keyset is old: promote a new one first, or name the id of one that was never primary.'
      : `Several keys are old: name the id of one, of ${[first, ...others].join(', ')}.`,
  )
}
