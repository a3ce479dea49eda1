import { resolve } from 'node:path'
import { issueServer } from '../../certs/issue.ts'
import { describeArgument } from '../../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { AUTHORITY, createPair, filesOf } from '../../certs/store.ts'
import { LEAF_DAYS, MAX_LEAF_DAYS } from '../../certs/validity.ts'
import { clientCode, describeMade, memcachedOptions, renderMade } from './describe.ts'
import {
  addDaysOption,
  addDirOption,
  authorityIn,
  daysOf,
  NOTICE,
  warn,
  type CertsOptions,
} from './options.ts'

interface ServerOptions extends CertsOptions {
  readonly name: string
}

/** `memkeep certs server` */
export const server: CommandDefinition = defineCommand<ServerOptions>({
  name: 'server <host...>',
  summary: "issue a server's certificate",
  description:
    'Issues a certificate, with a P-256 key of its own, that is good for memcached at every host name and IP address that clients write in servers, and prints how memcached and Memkeep take it.',
  examples: [
    { line: 'memkeep certs server localhost 127.0.0.1 ::1', does: 'for this machine' },
    {
      line: 'memkeep certs server cache1.internal 10.0.0.11 --name cache1 --days 30',
      does: 'one server of several, for a month: certs/cache1.pem and .key',
    },
  ],
  configure: (command) => {
    describeArgument(command, 'a host name or IP address that clients write, without a port')
    addDirOption(command).option('--name <name>', 'the name of its files', 'server')
    addDaysOption(command, MAX_LEAF_DAYS, LEAF_DAYS)
  },
  async run(context, [hosts], options) {
    const { dir, name } = options
    const files = leafFiles(dir, name)
    if (resolve(dir).includes(',')) {
      throw new TypeError('memcached takes commas for the ends of paths: name a --dir without one')
    }
    const authority = authorityIn(dir)
    const pair = await issueServer(authority, { hosts: hosts as readonly string[], ...daysOf(options) })
    await createPair(files, pair)
    warn(context)
    const made = describeMade(files, pair.cert)
    const { cert: caFile } = filesOf(dir, AUTHORITY)
    const memcached = memcachedOptions(files, caFile)
    const code = clientCode(caFile)
    context.output.result({ ...made, memcached, code, notice: NOTICE }, (colors) =>
      [
        renderMade(made, colors),
        '',
        colors.dim('memcached, which lets in those alone who have a certificate of yours (mutual TLS);'),
        colors.dim('without ssl_ca_cert and ssl_verify_mode it asks nobody for one:'),
        `  memcached ${memcached}`,
        colors.dim('Memkeep, where it asks for none; `memkeep certs client` makes one:'),
        `  ${code}`,
      ].join('\n'),
    )
    return EXIT.OK
  },
})

/** The files of a server or client. @throws TypeError for the authority's name */
export function leafFiles(dir: string, name: string): { readonly cert: string; readonly key: string } {
  if (name === AUTHORITY) throw new TypeError(`${AUTHORITY} is the authority's name: take another`)
  return filesOf(dir, name)
}
