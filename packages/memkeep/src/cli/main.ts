import process from 'node:process'
import { CommanderError } from 'commander'
import { answerCompletion } from './complete.ts'
import type { CliContext } from './context.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { tellFailure } from './failure.ts'
import { buildProgram, type Commands } from './program.ts'

/** Runs the command on this process, until it ends or is interrupted. */
export async function main(args: readonly string[], commands?: Commands): Promise<ExitCode> {
  const ending = new AbortController()
  const interrupt = (): void => {
    ending.abort(new Interrupted())
  }
  // once each: whoever asks twice does not want to wait
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  process.stdout.on('error', ignoreClosedPipe)
  process.stderr.on('error', ignoreClosedPipe)
  try {
    const { stdout, stderr, env } = process
    return await run(
      args,
      { stdout, stderr, stdin: () => process.stdin, env, signal: ending.signal },
      commands,
    )
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** Runs the command in a world of the caller's; never throws, and never ends the process. */
export async function run(
  args: readonly string[],
  context: CliContext,
  commands?: Commands,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.OK
  const onExit = (ended: ExitCode): void => {
    code = ended
  }
  const program = buildProgram(context, onExit, commands)
  if (answerCompletion(program, args, context.stdout)) return EXIT.OK
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && SAID.has(error.code)) return EXIT.OK
    const { aborted } = context.signal
    if (!aborted || !isOfAbort(error, context.signal)) tellFailure(error, program, args, context)
    return aborted ? EXIT.INTERRUPTED : EXIT.FAILED
  }
}

/** How commander ends when it has printed what was asked for. */
const SAID: ReadonlySet<string> = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version'])

/** Whether an error says no more than that it was interrupted. */
function isOfAbort(error: unknown, { reason }: AbortSignal): boolean {
  if (error === reason) return true
  return error instanceof Error && (error.name === 'AbortError' || error.cause === reason)
}

/** Whoever reads has read enough, as `head` does; the command goes on to its end, whose exit code counts. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
