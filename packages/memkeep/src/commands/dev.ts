import { displayJson } from '@memkeep/core/internal'
import { Option } from 'commander'
import { defineCommand, type CommandDefinition } from '../cli/definition.ts'
import { EXIT } from '../cli/exit-code.ts'
import { startDev, untilStopped } from '../dev/dev.ts'
import { parsePort } from '../dev/port.ts'
import { render, toJson } from '../dev/render.ts'

interface Options {
  readonly port?: string
  readonly auth?: 'sasl' | 'ascii'
  readonly mutualTls?: boolean
  readonly dir?: string
}

/** `memkeep dev`: the installed memcached, hardened, for as long as it runs. */
export const dev: CommandDefinition = defineCommand<Options>({
  name: 'dev',
  summary: 'run a hardened memcached on this machine',
  description: [
    'Starts the installed memcached on 127.0.0.1 with TLS and passwords, and prints how to reach it as code, as',
    'environment and as a URI. Certificates, a password and encryption keys are made the first time and kept in a',
    'folder that only you can read; what is printed names those files and holds no secret. Certificates are made anew',
    '30 days before they end.',
    '',
    'The port is that of the last time; the first time it is 11211, or a free one where that is in use. The server ends',
    'with this command, however that ends. For development on one machine: everything in the folder is trust that',
    'whoever can read it has.',
    '',
    'MEMKEEP_MEMCACHED names a memcached other than the installed one.',
  ].join('\n'),
  examples: [
    { line: 'memkeep dev', does: 'TLS and SASL where it is installed, else TLS and ASCII authentication' },
    { line: 'memkeep dev --mutual-tls --port 11300', does: 'clients must show a certificate' },
    { line: 'memkeep dev --dir .memkeep', does: 'everything kept in this project, and ignored by git' },
    {
      line: 'memkeep dev --json > dev.json',
      does: 'for scripts: one line of JSON when it is ready, and it goes on running',
    },
  ],
  exitCodes: {
    [EXIT.OK]: 'stopped, by Ctrl-C or SIGTERM',
    [EXIT.FAILED]: 'could not be started, or memcached ended by itself',
    [EXIT.INTERRUPTED]: 'interrupted before it was ready',
  },
  configure: (command) => {
    command
      .option('--port <number>', 'the port to listen on; kept for the next time')
      .addOption(
        new Option(
          '--auth <kind>',
          'how clients authenticate; default: sasl where this machine has it',
        ).choices(['sasl', 'ascii']),
      )
      .option('--mutual-tls', 'demand a certificate of clients')
      .option(
        '--dir <folder>',
        "where certificates, password and keys are kept; default: your user's data folder",
      )
  },
  async run({ output, stdout, signal }, _args, { port, auth, mutualTls = false, dir }) {
    const options = { port: port === undefined ? undefined : parsePort(port), auth, mutualTls, folder: dir }
    const running = await output.progress('Starting memcached', () => startDev(options, signal))
    const { server } = running
    // one line, since it goes on running and whoever reads it must know where it ends
    if (output.json) stdout.write(`${displayJson(toJson(running))}\n`)
    else output.result(undefined, (colors) => render(running, colors))
    if (server.withoutSasl !== undefined) {
      output.note(`There is no SASL here, so it runs with ASCII authentication: ${server.withoutSasl}.`)
    }
    output.note('Ctrl-C stops it.')
    await untilStopped(server, signal)
    output.note('Stopped.')
    return EXIT.OK
  },
})
