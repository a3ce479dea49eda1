import { formatEndpoint, parseEndpoints } from '@memkeep/core'
import { parseNumbers } from '../bench/numbers.ts'
import { benchServer, bytesOnServer, type ServerReport } from '../bench/server-bench.ts'
import { renderServerReport } from '../bench/server-table.ts'
import { nameSize } from '../bench/workload.ts'
import { describeArgument } from '../cli/argument.ts'
import {
  addConnectionOptions,
  readConnectionOptions,
  type ConnectionOptions,
} from '../cli/connection-options.ts'
import { defineCommand, type CommandDefinition } from '../cli/definition.ts'
import { EXIT } from '../cli/exit-code.ts'

/** What memcached takes with its defaults, an envelope and the item's own bytes beside it. */
const MAX_SIZE = 1_000_000
/** As many as one connection has in flight. */
const MAX_CONCURRENCY = 10_000
const MAX_SECONDS = 3_600

interface Options extends ConnectionOptions {
  readonly encryption?: boolean
  readonly sizes: string
  readonly concurrency: string
  readonly seconds: string
}

/** `memkeep bench`: Memkeep's client on a server of the user's. */
export const bench: CommandDefinition = defineCommand<Options>({
  name: 'bench <server>',
  summary: "measure Memkeep's client on a server of yours",
  description: [
    'Sets, gets and gets many values at once, of every size at every concurrency, and says how many requests a second',
    'that were and how long they took. Every byte of every answer is compared with what was stored.',
    '',
    'This loads the server as much as it can: point it at none that serves people. It stores at most about 20 MB there',
    'at a time, twice as much with --encryption, under keys of its own (memkeep-bench-…) with a short time to live, and',
    'removes them in the end, with Ctrl-C too. A server that is short of memory may evict other values for them.',
  ].join('\n'),
  examples: [
    { line: 'memkeep bench 127.0.0.1:11211', does: 'a server without any protection' },
    {
      line: 'memkeep bench cache.example:11211 --ca ca.pem --username app --password-file password --encryption',
      does: 'over TLS and SASL, with what encryption costs beside it',
    },
    {
      line: 'memkeep bench cache.example --sizes 1000 --concurrency 1 --seconds 2',
      does: 'what one request takes',
    },
  ],
  exitCodes: {
    [EXIT.OK]: 'measured',
    [EXIT.FAILED]: 'could not be measured: unreachable, refused, out of memory; what was stored is removed',
    [EXIT.INTERRUPTED]: 'interrupted; what was stored is removed',
  },
  configure: (command) => {
    describeArgument(command, 'where it listens: host, host:port, or the path of a Unix socket')
    addConnectionOptions(command)
    command
      .option(
        '--encryption',
        'measure everything once more with values encrypted by a key that is thrown away',
      )
      .option('--sizes <bytes>', `sizes of values, up to ${nameSize(MAX_SIZE)}`, '100,1000,10000')
      .option('--concurrency <numbers>', 'requests in flight', '1,32,256')
      .option('--seconds <number>', 'how long to measure, all together', '10')
  },
  async run({ output, signal }, [server], options) {
    const sizes = distinct(parseNumbers('sizes', options.sizes, MAX_SIZE))
    const concurrency = distinct(parseNumbers('concurrency', options.concurrency, MAX_CONCURRENCY))
    const [seconds = 0, ...more] = parseNumbers('seconds', options.seconds, MAX_SECONDS)
    if (more.length > 0) throw new RangeError('--seconds takes one number: all workloads share it')
    const { encryption = false } = options
    // before it is repeated: what cannot be read may hold a password
    const names = parseEndpoints(String(server)).map(formatEndpoint)
    output.note(
      `This loads ${names.join(', ')}, with at most ${nameSize(roundUp(bytesOnServer(sizes, encryption)))} of values: it should be no server that serves people.`,
    )
    const settings = { server: String(server), sizes, concurrency, seconds, encryption }
    const report = await output.progress('Connecting', (say) =>
      benchServer({ ...settings, hardening: readConnectionOptions(options) }, say, signal),
    )
    output.result(toJson(report, seconds), (colors) => renderServerReport(report, colors))
    if (report.remaining > 0) {
      output.note(
        `${String(report.remaining)} keys (${report.prefix}:…) could not be removed; they end by themselves within ${String(report.ttl)} s.`,
      )
    }
    return EXIT.OK
  },
})

function toJson({ measurements, ...report }: ServerReport, seconds: number): object {
  return {
    ...report,
    seconds,
    measurements: measurements.map(({ workload, ...figures }) => ({ ...workload, ...figures })),
  }
}

function distinct(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].toSorted((a, b) => a - b)
}

/** To whole megabytes. */
function roundUp(bytes: number): number {
  return Math.ceil(bytes / 1_000_000) * 1_000_000
}
