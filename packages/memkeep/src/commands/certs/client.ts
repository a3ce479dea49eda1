import { issueClient } from '../../certs/issue.ts'
import { describeArgument } from '../../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { AUTHORITY, createPair, filesOf } from '../../certs/store.ts'
import { LEAF_DAYS, MAX_LEAF_DAYS } from '../../certs/validity.ts'
import { clientCode, describeMade, renderMade } from './describe.ts'
import {
  addDaysOption,
  addDirOption,
  authorityIn,
  daysOf,
  NOTICE,
  warn,
  type CertsOptions,
} from './options.ts'
import { leafFiles } from './server.ts'

/** `memkeep certs client` */
export const client: CommandDefinition = defineCommand<CertsOptions>({
  name: 'client [name]',
  summary: "issue a client's certificate, for mutual TLS",
  description:
    'Issues a certificate, with a P-256 key of its own, that a service shows to memcached with ssl_verify_mode=2, and prints the code that takes it. memcached compares no names: each certificate of the authority may do everything.',
  examples: [
    { line: 'memkeep certs client', does: 'certs/client.pem and certs/client.key' },
    { line: 'memkeep certs client shop --days 30', does: 'one for the service shop, for a month' },
  ],
  configure: (command) => {
    describeArgument(command, 'the name of the service and of its files (default: client)')
    addDaysOption(addDirOption(command), MAX_LEAF_DAYS, LEAF_DAYS)
  },
  async run(context, [given], options) {
    const { dir } = options
    const name = typeof given === 'string' ? given : 'client'
    const files = leafFiles(dir, name)
    const pair = await issueClient(authorityIn(dir), { name, ...daysOf(options) })
    await createPair(files, pair)
    warn(context)
    const made = describeMade(files, pair.cert)
    const code = clientCode(filesOf(dir, AUTHORITY).cert, files)
    context.output.result({ ...made, code, notice: NOTICE }, (colors) =>
      [renderMade(made, colors), '', colors.dim('Memkeep:'), `  ${code}`].join('\n'),
    )
    return EXIT.OK
  },
})
