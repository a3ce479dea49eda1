import { X509Certificate } from 'node:crypto'
import { InvalidArgumentError } from 'commander'
import { describeArgument } from '../../cli/argument.ts'
import type { Colors } from '../../cli/colors.ts'
import { defineCommand, type CommandDefinition, type RunContext } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { AUTHORITY, filesOf, namesIn, readCertificate, replacePair } from '../../certs/store.ts'
import { LEAF_DAYS, MAX_LEAF_DAYS } from '../../certs/validity.ts'
import { parseDuration } from '../../keys/duration.ts'
import { describeMade, type MadeCertificate } from './describe.ts'
import {
  addDaysOption,
  addDirOption,
  authorityIn,
  daysOf,
  NOTICE,
  warn,
  type CertsOptions,
} from './options.ts'

interface RenewOptions extends CertsOptions {
  readonly newKey?: boolean
  /** Milliseconds. */
  readonly within?: number
}

type Renewed = MadeCertificate & { readonly name: string; readonly keyIs: 'kept' | 'new' }

/** `memkeep certs renew` */
export const renew: CommandDefinition = defineCommand<RenewOptions>({
  name: 'renew [name...]',
  summary: 'issue certificates anew, under the same names',
  description:
    'Issues certificates anew with the same subject, names and usages, and other dates; without a name all in the folder but the authority. The private key stays, so that one file is replaced as a whole, certificate and key fit together at every moment, and pins hold; --new-key makes a new one. `renew ca` keeps its key always, so that what it issued stays good.',
  examples: [
    { line: 'memkeep certs renew --within 30d', does: 'for cron: those that end within 30 days' },
    { line: 'memkeep certs renew server --new-key', does: 'after its key may have been seen by others' },
    { line: 'memkeep certs renew ca --days 3650', does: 'the authority itself' },
  ],
  configure: (command) => {
    describeArgument(command, 'the name of its files: server for server.pem and server.key')
    addDirOption(command)
    addDaysOption(command, MAX_LEAF_DAYS, LEAF_DAYS)
    command
      .option('--new-key', 'make a new private key as well, in place of the old one')
      .option('--within <duration>', 'leave those alone that are good for longer: 30d', (text) => {
        try {
          return parseDuration(text)
        } catch (error) {
          throw new InvalidArgumentError((error as Error).message)
        }
      })
  },
  async run(context, [given], options) {
    const { dir, newKey = false } = options
    const asked = given as readonly string[]
    if (newKey && asked.includes(AUTHORITY)) {
      throw new TypeError(
        'an authority with a new key is another authority: make one with `memkeep certs ca` in another --dir',
      )
    }
    const names = asked.length > 0 ? asked : await namesIn(dir)
    const renewed: Renewed[] = []
    const left: string[] = []
    for (const name of new Set(names)) {
      const { cert } = filesOf(dir, name)
      if (isGoodFor(readCertificate(cert), options.within)) left.push(name)
      else renewed.push(await renewOne(context, name, options))
    }
    if (renewed.length > 0) warn(context)
    const value = { renewed, left, ...(renewed.length > 0 && { notice: NOTICE }) }
    context.output.result(value, (colors) => render(renewed, left, colors))
    return EXIT.OK
  },
})

async function renewOne({ signal }: RunContext, name: string, options: RenewOptions): Promise<Renewed> {
  // the library behind it takes long to load
  const { renewAuthority, renewLeaf } = await import('../../certs/renew.ts')
  const { dir, newKey = false } = options
  const files = filesOf(dir, name)
  const { cert } = await replacePair(files, signal, async (pair) =>
    name === AUTHORITY
      ? renewAuthority(pair, daysOf(options))
      : renewLeaf(authorityIn(dir), pair, { ...daysOf(options), newKey }),
  )
  return { name, ...describeMade(files, cert), keyIs: newKey ? 'new' : 'kept' }
}

function isGoodFor(pem: string, within: number | undefined): boolean {
  if (within === undefined) return false
  return Date.parse(new X509Certificate(pem).validTo) - Date.now() > within
}

function render(renewed: readonly Renewed[], left: readonly string[], { bold, dim }: Colors): string {
  const lines = renewed.map(
    ({ cert, validTo, keyIs }) =>
      `${bold(cert)} is good until ${validTo.slice(0, 10)}; ${keyIs === 'new' ? 'its key is new' : 'its key stays'}`,
  )
  if (left.length > 0) lines.push(dim(`left as they are: ${left.join(', ')}`))
  if (lines.length === 0) return 'There is nothing to renew: no certificate has a key beside it.'
  return renewed.length === 0
    ? lines.join('\n')
    : [
        ...lines,
        'Next: memcached reads them when it is told refresh_certs, or SIGHUP from 1.6.40 on; Memkeep by itself.',
      ].join('\n')
}
