import { createAuthority } from '../../certs/issue.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { AUTHORITY, createPair, filesOf, makeFolder } from '../../certs/store.ts'
import { AUTHORITY_DAYS } from '../../certs/validity.ts'
import { describeMade, renderMade } from './describe.ts'
import { addDaysOption, addDirOption, daysOf, NOTICE, warn, type CertsOptions } from './options.ts'

interface CaOptions extends CertsOptions {
  readonly name?: string
}

/** `memkeep certs ca` */
export const ca: CommandDefinition = defineCommand<CaOptions>({
  name: 'ca',
  summary: 'make a certificate authority',
  description:
    'Makes a certificate authority with a P-256 key, which issues certificates of servers and clients and no other authorities. ca.pem is for every client and server; ca.key is for nobody but you. Nothing is ever overwritten.',
  examples: [
    { line: 'memkeep certs ca', does: 'certs/ca.pem and certs/ca.key, good for ten years' },
    {
      line: "memkeep certs ca --dir staging --name 'Staging caches' --days 365",
      does: 'another one, for a year',
    },
  ],
  configure: (command) => {
    addDirOption(command).option(
      '--name <text>',
      "its common name (default: one that is no other authority's)",
    )
    addDaysOption(command, AUTHORITY_DAYS, AUTHORITY_DAYS)
  },
  async run(context, _args, options) {
    const { dir, name } = options
    const files = filesOf(dir, AUTHORITY)
    const pair = await createAuthority({ ...daysOf(options), ...(name !== undefined && { name }) })
    await makeFolder(dir)
    await createPair(files, pair)
    warn(context)
    const made = describeMade(files, pair.cert)
    context.output.result({ ...made, notice: NOTICE }, (colors) =>
      [
        renderMade(made, colors),
        '',
        `Next: ${colors.bold(`memkeep certs server <host…>${dir === 'certs' ? '' : ` --dir ${dir}`}`)}`,
      ].join('\n'),
    )
    return EXIT.OK
  },
})
