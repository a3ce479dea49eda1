import { lstat, readFile } from 'node:fs/promises'
import { tcp } from '@memkeep/core'
import { fileErrorCause, quotePath } from '@memkeep/core/internal'
import { Keyring } from '@memkeep/encryption'
import { type Command, InvalidArgumentError, Option } from 'commander'
import writeFileAtomic from 'write-file-atomic'
import { describeArgument } from '../cli/argument.ts'
import {
  addConnectionOptions,
  readConnectionOptions,
  type ConnectionOptions,
} from '../cli/connection-options.ts'
import { defineCommand, type CommandDefinition, type RunContext } from '../cli/definition.ts'
import { EXIT, type ExitCode } from '../cli/exit-code.ts'
import { VERSION } from '../cli/version.ts'
import type { AuditProgress } from '../doctor/audit.ts'
import { formatBaseline, parseBaseline, type BaselineEntry } from '../doctor/baseline-file.ts'
import { makeBaseline } from '../doctor/baseline.ts'
import { SEVERITIES, type Severity } from '../doctor/finding.ts'
import { judge } from '../doctor/judge.ts'
import { renderHtml } from '../doctor/render/html.ts'
import { renderSarif } from '../doctor/render/sarif.ts'
import { renderText } from '../doctor/render/text.ts'
import { countServers } from '../doctor/render/words.ts'
import type { AuditReport, ServerReport } from '../doctor/report.ts'

interface DoctorOptions extends ConnectionOptions {
  readonly friend?: boolean
  readonly keys?: string
  readonly active?: boolean
  readonly failOn: Severity | 'none'
  readonly html?: string
  readonly sarif?: string
  readonly baseline?: string
  readonly writeBaseline?: string
  readonly concurrency: number
  readonly timeout: number
}

/** `memkeep doctor <server…>`: audits servers. */
export const doctor: CommandDefinition = defineCommand<DoctorOptions>({
  name: 'doctor <server...>',
  summary: 'audit servers: what do they let strangers do?',
  description: [
    'Connects to memcached servers as a stranger, and as a friend where it is told how to, and reports what is wrong',
    'with them: each finding with evidence, why it matters, and the setting that cures it. It only reads, unless',
    '--active is given, and connects nowhere but to the servers named.',
  ].join('\n'),
  examples: [
    { line: 'memkeep doctor cache1:11211 cache2:11211', does: 'what strangers may do on two servers' },
    {
      line: 'memkeep doctor memcacheds://cache1 --ca ca.pem --username app --password-file app.password',
      does: 'the same, and what an authenticated client sees',
    },
    {
      line: 'memkeep doctor cache1 --fail-on medium --sarif doctor.sarif --html doctor.html',
      does: 'in CI: fail on a medium finding, and keep two reports',
    },
    {
      line: 'memkeep doctor cache1 --baseline accepted.json --write-baseline accepted.json',
      does: 'accept what is found today; write down why in the file',
    },
  ],
  exitCodes: {
    [EXIT.OK]: 'no finding is as bad as --fail-on says',
    [EXIT.NO]: 'a finding is as bad as --fail-on says, or worse',
    [EXIT.FAILED]: 'a server was not reached or not graded, or the audit could not be done',
  },
  configure,
  run,
})

function configure(command: Command): void {
  describeArgument(command, 'host:port, [::1]:11211, or the path of a Unix socket')
  addConnectionOptions(command)
  command
    .option(
      '--friend',
      'look at stored values too, on servers that ask for no credentials; --keys implies it',
    )
    .option('--keys <file>', 'keys to compare with what lies in the cache: a keyset, or their text form')
    .option('--active', 'also write a marked test key and remove it, and try three wrong passwords')
    .addOption(
      new Option('--fail-on <severity>', 'the mildest finding that makes the exit code 1')
        .choices([...SEVERITIES, 'none'])
        .default('high'),
    )
    .option(
      '--html <file>',
      'write the report as a web page, readable by you only; an existing file is replaced',
    )
    .option('--sarif <file>', 'write the report as SARIF 2.1.0, for code-scanning views')
    .option('--baseline <file>', 'findings that are accepted')
    .option('--write-baseline <file>', 'write a baseline that accepts what is found')
    .option('--concurrency <count>', 'how many servers at a time', wholeNumber(1, 256), 8)
    .option('--timeout <seconds>', 'how long one server may take', wholeNumber(1, 3_600), 90)
}

async function run(context: RunContext, args: readonly unknown[], options: DoctorOptions): Promise<ExitCode> {
  const servers = args[0] as readonly string[]
  const { output, stdout } = context
  const { baseline: path, writeBaseline } = options
  const baseline = path === undefined ? [] : await readBaseline(path, path === writeBaseline)
  const found = await runAudit(context, servers, options)
  const report = judge(found, { tool: VERSION, date: new Date(), baseline })
  // first what took long, as a file may turn out not to be writable
  output.result(report, (colors) => renderText(report, colors, stdout.columns))
  await writeReports(report, baseline, context, options)
  return exitCode(report, options.failOn)
}

async function runAudit(
  context: RunContext,
  servers: readonly string[],
  { friend = false, keys, active = false, concurrency, timeout, ...connection }: DoctorOptions,
): Promise<readonly ServerReport[]> {
  const { output, signal, stderr } = context
  // what reads certificates takes longer to load than all else, and no other command is to wait for it
  const { audit } = await import('../doctor/audit.ts')
  const layers = readConnectionOptions(connection)
  const keyring = keys === undefined ? undefined : Keyring.fromFile(keys, { watchInterval: 0 })
  try {
    return await output.progress(`Looking at ${countServers(servers.length)}`, async (say) =>
      audit(servers, {
        ...((friend || keys !== undefined) && { transport: tcp() }),
        ...layers,
        keyring,
        active,
        concurrency,
        deadline: timeout * 1_000,
        signal,
        onProgress: (progress) => {
          // where lines stay, one for each server is enough
          if (stderr.isTTY === true || progress.area === undefined) say(describeProgress(progress))
        },
      }),
    )
  } finally {
    keyring?.close()
  }
}

async function writeReports(
  report: AuditReport,
  baseline: readonly BaselineEntry[],
  { output }: RunContext,
  { html, sarif, writeBaseline }: DoctorOptions,
): Promise<void> {
  const today = report.date.slice(0, 10)
  const files: readonly (readonly [path: string | undefined, content: () => string])[] = [
    [html, () => renderHtml(report)],
    [sarif, () => renderSarif(report)],
    [writeBaseline, () => formatBaseline(makeBaseline(report.servers, baseline, today))],
  ]
  for (const [path, content] of files) {
    if (path === undefined) continue
    try {
      await refuseLink(path)
      // what it says helps attackers
      await writeFileAtomic(path, content(), { mode: BY_OWNER })
    } catch (cause) {
      if (cause instanceof LinkError) throw cause
      throw fileError(
        `${quotePath(path)} cannot be written`,
        path,
        cause,
        'name a file in a folder that you may write to',
      )
    }
    output.note(`Written: ${path}`)
  }
}

/** In a folder that others may write to, a link can lead a report over any file of the user's. */
async function refuseLink(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined)
  if (file?.isSymbolicLink() !== true) return
  throw new LinkError(`${quotePath(path)} is a symbolic link, and reports follow none: name the file itself.`)
}

class LinkError extends Error {}

/** The mode of reports and baselines. */
const BY_OWNER = 0o600

/** Whether the audit passes. A server that was not reached or graded outweighs findings: there may be worse ones. */
function exitCode({ servers }: AuditReport, failOn: Severity | 'none'): ExitCode {
  if (servers.some(({ grade }) => grade === undefined)) return EXIT.FAILED
  const bad = failOn === 'none' ? [] : SEVERITIES.slice(0, SEVERITIES.indexOf(failOn) + 1)
  const isBad = servers.some(({ findings }) => findings.some(({ severity }) => bad.includes(severity)))
  return isBad ? EXIT.NO : EXIT.OK
}

/** @param isNew whether it may be missing, since it is to be made */
async function readBaseline(path: string, isNew: boolean): Promise<readonly BaselineEntry[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    if (missing && isNew) return []
    const advice = missing ? 'make one with --write-baseline' : 'check the path and its permissions'
    throw fileError(`The baseline ${quotePath(path)} cannot be read`, path, cause, advice)
  }
  try {
    return parseBaseline(text)
  } catch (cause) {
    throw new TypeError(`The baseline ${path} is not one: ${(cause as Error).message}. Correct it.`, {
      cause,
    })
  }
}

function fileError(what: string, path: string, cause: unknown, advice: string): Error {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  return new Error(`${what} (${code}): ${advice}.`, { cause: fileErrorCause(path, cause) })
}

function describeProgress({ server, area, done, total }: AuditProgress): string {
  const what = area ?? 'done'
  return total === 1 ? `${server}: ${what}` : `${String(done)} of ${String(total)} done; ${server}: ${what}`
}

/** Reads a whole number of an option's. */
function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${String(least)} to ${String(most)}.`)
  }
}
