import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { gatherEvidence } from './report.ts'
import { renderSvg } from './svg.ts'
import { renderTable } from './table.ts'

const HELP = `npm start [-- --json | --svg FILE]

Runs memcached in seven postures on loopback, attacks each, and prints what each layer protects and costs.
  --json       the same as JSON, for machines
  --svg FILE   also draws the table into a file
  --help       this text
Exit code: 0 when every posture kept what it promises, 1 when one did not, 2 when the evidence could not be taken.
`

/** The main job: gathers the evidence, prints it, and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        svg: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const report = await gatherEvidence(showProgress)
    if (values.svg !== undefined) await writeFile(values.svg, renderSvg(renderTable(report, true).trim()))
    process.stdout.write(
      values.json
        ? `${JSON.stringify(report, null, 2)}\n`
        : renderTable(report, pc.isColorSupported && process.stdout.isTTY),
    )
    return report.kept ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

function showProgress(step: string): void {
  process.stderr.write(`  ${step} …\n`)
}
