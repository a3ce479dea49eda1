import { MemcachedClient } from '@memkeep/client'
import { displayText } from '@memkeep/core/internal'
import { encryption, type PeerReport } from '@memkeep/encryption'
import type { Colors } from '../../cli/colors.ts'
import {
  addConnectionOptions,
  readConnectionOptions,
  type ConnectionOptions,
} from '../../cli/connection-options.ts'
import { describeArgument } from '../../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { addFileOption, requireKeyring, type KeysetOptions } from './options.ts'

interface VerifyOptions extends KeysetOptions, ConnectionOptions {
  readonly context?: string
  readonly namespace?: string
  readonly leaveWord?: boolean
}

/** `memkeep keys verify` */
export const verify: CommandDefinition = defineCommand<VerifyOptions>({
  name: 'verify <server...>',
  summary: 'ask a server whether the services that share it have keys that fit',
  description:
    'Reads the sealed note that the last service to call verifyPeers() left on the server under memkeep-canary, for a day, and compares its key ids with those here. Nothing is changed, unless --leave-word leaves a note of this keyset for the next who asks. Name every server that the services name, since the note is on one of them.',
  examples: [
    {
      line: 'memkeep keys verify cache.example:11211 --ca ca.pem --username shop --password-file password --file keys.json',
      does: 'over TLS, with a password',
    },
    {
      line: 'memkeep keys verify cache1:11211 cache2:11211 --file keys.json --context billing --leave-word',
      does: 'several servers, the services of one context, and word for the next',
    },
  ],
  exitCodes: {
    [EXIT.OK]: 'the keys fit, or nobody has left word',
    [EXIT.NO]: 'the keys do not fit: what one seals, another cannot open',
  },
  configure: (command) => {
    describeArgument(command, 'host:port of every server')
    addFileOption(command)
    command
      .option('--context <text>', "the services' context (default: none)")
      .option('--namespace <text>', "the services' namespace (default: none)")
      .option('--leave-word', "leave this keyset's ids on the server, sealed, for a day")
    addConnectionOptions(command)
  },
  async run(context, [servers], options) {
    const keyring = requireKeyring(options, context)
    const layer = encryption({
      keyring,
      ...(options.context !== undefined && { context: options.context }),
    })
    const names = servers as readonly string[]
    const client = new MemcachedClient({
      servers: names,
      ...readConnectionOptions(options),
      middleware: [layer],
      ...(options.namespace !== undefined && { namespace: options.namespace }),
    })
    try {
      const report = await context.output.progress(`Asking ${names.join(', ')}`, () =>
        layer.verifyPeers({
          get: (key) => client.get(key, { signal: context.signal }),
          set: async (key, value, { ttl }) =>
            options.leaveWord === true ? client.set(key, value, { ttl, signal: context.signal }) : undefined,
        }),
      )
      const { agreed, peer, problem } = report
      const value = { servers: names, agreed, peer: peer ?? null, problem: problem ?? null, ids: keyring.ids }
      context.output.result(value, (colors) => render(report, keyring.ids, colors))
      return agreed ? EXIT.OK : EXIT.NO
    } finally {
      await client.close()
    }
  },
})

function render({ agreed, peer, problem }: PeerReport, ids: readonly string[], colors: Colors): string {
  const { bold, green, red, yellow } = colors
  const own = `Keys here: ${withPrimary(ids)}`
  if (!agreed) return [red(bold('The keys do not fit.')), displayText(problem ?? ''), own].join('\n')
  if (peer === undefined) {
    return [
      yellow(bold('Nobody has left word in the last day.')),
      'Services do so with layer.verifyPeers(client); --leave-word does it here.',
      own,
    ].join('\n')
  }
  const theirs = displayText(withPrimary([peer.primaryId, ...peer.ids.filter((id) => id !== peer.primaryId)]))
  return [green(bold('The keys fit.')), `Keys of the service that was here last: ${theirs}`, own].join('\n')
}

function withPrimary([primary = '', ...others]: readonly string[]): string {
  return [`${primary} (primary)`, ...others].join(', ')
}
