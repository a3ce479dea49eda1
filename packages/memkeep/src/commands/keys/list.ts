import Table from 'cli-table3'
import type { Colors } from '../../cli/colors.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { aboutDuration } from '../../keys/duration.ts'
import { DEFAULT_SETTLE, reportKeys, type KeyReport, type KeyRole } from '../../keys/key-report.ts'
import { readKeyset } from '../../keys/keyset-file.ts'
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

const ROLES: Readonly<Record<KeyRole, string>> = {
  primary: 'primary: seals and opens',
  new: 'new: opens, sealed nothing yet',
  old: 'old: opens what it sealed',
}

/** `memkeep keys list` */
export const list: CommandDefinition = defineCommand<KeysetOptions & EnvOption & RotationChoice>({
  name: 'list',
  summary: 'show the keys by id, how old they are, and what may be done next',
  description:
    'Shows the keys of a keyset by id, which is not secret, and never a key: what each is good for, how old it is, and from when on it may be promoted or retired. With --longest-ttl it can tell when an old key may go.',
  examples: [
    { line: 'memkeep keys list --file keys.json --longest-ttl 7d', does: 'where a rotation stands' },
    { line: 'memkeep keys list --file keys.json --json', does: 'the same for a script' },
    { line: 'memkeep keys list --file keys.json --env', does: 'the keys themselves, for MEMKEEP_KEYS' },
  ],
  configure: (command) => {
    addEnvOption(addTtlOption(addSettleOption(addFileOption(command))))
  },
  run(context, _args, options) {
    const { settle = DEFAULT_SETTLE, longestTtl } = options
    const file = pathOf(options, context)
    const keyset = readKeyset(file)
    const keys = reportKeys(keyset, { settle, longestTtl })
    const { primary, nameKey } = keyset
    tell(context, options, keyset, { file, primary, nameKey: nameKey ?? null, keys }, (colors) =>
      render(keys, new Date(), colors),
    )
    return Promise.resolve(EXIT.OK)
  },
})

function render(keys: readonly KeyReport[], now: Date, { bold, dim, green, yellow }: Colors): string {
  const paint = { primary: green, new: yellow, old: dim } as const
  const table = new Table({
    head: ['id', 'is', 'made', 'next'].map((title) => dim(title)),
    chars: Object.fromEntries(
      [
        ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
        ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
      ].map((name) => [name, '']),
    ),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3 },
  })
  for (const key of keys) {
    table.push([
      bold(key.id),
      `${paint[key.role](ROLES[key.role])}${key.makesNames ? ', and makes key names' : ''}`,
      `${aboutDuration(now.getTime() - Date.parse(key.created))} ago`,
      nextText(key, keys, now),
    ])
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function nextText({ role, next }: KeyReport, keys: readonly KeyReport[], now: Date): string {
  if (next === null) {
    if (role === 'old') return 'stays: key names are made with it'
    return keys.some((key) => key.role === 'new') ? 'stays until another is promoted' : 'distribute a new one'
  }
  if (next.from === null) return 'retire: --longest-ttl tells when'
  const wait = Date.parse(next.from) - now.getTime()
  return wait <= 0 ? `${next.step} now` : `${next.step} in ${aboutDuration(wait)}, at ${next.from}`
}
