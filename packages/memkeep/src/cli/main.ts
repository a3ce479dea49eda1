import process from 'node:process'
import { MemkeepError } from '@memkeep/core'
import { CommanderError } from 'commander'
import type { CliContext } from './context.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { buildProgram } from './program.ts'

/** Runs the command on this process, until it ends or is interrupted. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  const ending = new AbortController()
  const interrupt = (): void => {
    ending.abort(new Interrupted())
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const { stdout, stderr, env } = process
    return await run(args, { stdout, stderr, env, signal: ending.signal })
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** Runs the command in a world of the caller's; never throws, and never ends the process. */
export async function run(args: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = EXIT.OK
  try {
    const program = buildProgram(context, (ended) => {
      code = ended
    })
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    // commander has said what is wrong by then
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.FAILED
    if (context.signal.aborted && error === context.signal.reason) return EXIT.INTERRUPTED
    report(error, args, context)
    return EXIT.FAILED
  }
}

/** Says what went wrong, as JSON where the result would have been. */
function report(error: unknown, args: readonly string[], { stderr }: CliContext): void {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof MemkeepError ? error.code : undefined
  stderr.write(
    args.includes('--json')
      ? `${JSON.stringify({ error: { ...(code !== undefined && { code }), message } })}\n`
      : `memkeep: ${message}${code === undefined ? '' : ` (${code})`}\n`,
  )
}

class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
