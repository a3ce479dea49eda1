import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/cli/main.ts'
import { testContext, type TestContextOptions } from './context.ts'

const BIN = fileURLToPath(new URL('../../bin/memkeep.mjs', import.meta.url))

/** How a command ended, and what it said. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process. */
export async function memkeep(args: readonly string[], options?: TestContextOptions): Promise<Outcome> {
  const context = testContext(options)
  const code = await run(args, context)
  return { code, ...context.written }
}

/** Runs the command that was built, in a process of its own. */
export async function memkeepProcess(
  args: readonly string[],
  { env = {}, input }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string | Buffer } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } })
  child.stdin.end(input)
  const [stdout, stderr, [code]] = (await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])) as [string, string, [number | null]]
  return { code, stdout, stderr }
}
