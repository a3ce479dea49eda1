import { writeFile } from 'node:fs/promises'
import pc from 'picocolors'
import { measureAdapters, renderAdapters } from './adapters/adapters.ts'
import { measureEncryption } from './encryption/encryption.ts'
import { renderEncryption } from './encryption/table.ts'
import { renderHandshakes } from './handshake-table.ts'
import { measureHandshakes } from './handshakes.ts'
import { readOptions } from './options.ts'
import { measure } from './report.ts'
import { renderSvg } from './svg.ts'
import { renderTable } from './table.ts'

const HELP = `npm run bench [-- [SUBJECT] options]

Measures Memkeep beside other clients of memcached, and beside what a connection can carry at most. Subjects:
  requests             set, get and getMany; what is measured when nothing is said
  handshakes           what a TLS handshake costs, full and resumed
  encryption           what sealing and opening a value costs, alone and end to end
  adapters             Keyv, cache-manager and memcache-client over Memkeep, beside what they are used with
Options:
  --quick              what fits in a minute
  --growth             growth curves as well (on by default in the full run; --no-growth leaves them out)
  --only NAMES         contestants, as "Memkeep,memjs SASL,ceiling"
  --sizes BYTES        value sizes, as 100,10000
  --concurrency N      requests in flight, as 1,256
  --rounds N           counted rounds
  --slice MS           milliseconds that a contestant has in a round
  --json [FILE]        JSON into a file, or in place of the table
  --svg FILE           draws a chart into a file
  --help               this text
Exit code: 0 when it was measured, 1 when a Memkeep contestant hung, answered wrongly or failed, 2 when it could not be
measured.
`

/** The main job: measures, prints, and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { help, subject, plan, json, svg } = readOptions(args)
    if (help) {
      process.stdout.write(HELP)
      return 0
    }
    const color = pc.isColorSupported && process.stdout.isTTY
    if (subject === 'encryption') {
      const report = await measureEncryption(plan, showProgress)
      await show(report, renderEncryption(report, color), json)
      return report.sound ? 0 : 1
    }
    if (subject === 'adapters') {
      const report = await measureAdapters(plan, showProgress)
      await show(report, renderAdapters(report, color), json)
      return report.sound ? 0 : 1
    }
    if (subject === 'handshakes') {
      const costs = await measureHandshakes(plan, showProgress)
      await show(costs, renderHandshakes(costs, color), json)
      return 0
    }
    const report = await measure(plan, showProgress)
    await show(report, renderTable(report, color), json)
    if (svg !== undefined) await writeFile(svg, renderSvg(report))
    return report.sound ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

/** The table on standard output, and the JSON where it was asked for, or in its place. */
async function show(report: object, table: string, json: string | undefined): Promise<void> {
  const text = `${JSON.stringify(report, null, 2)}\n`
  if (json !== undefined && json !== '-') await writeFile(json, text)
  process.stdout.write(json === '-' ? text : table)
}

function showProgress(step: string): void {
  process.stderr.write(`  ${step} …\n`)
}
