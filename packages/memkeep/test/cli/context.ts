import type { CliContext, Sink } from '../../src/cli/context.ts'

/** A world of a test's own, and what was written there. */
export interface TestContext extends CliContext {
  readonly written: { stdout: string; stderr: string }
}

/** Options of {@link testContext}. */
export interface TestContextOptions {
  readonly env?: CliContext['env']
  readonly signal?: AbortSignal
  /** Whether both sinks are terminals. Default: false. */
  readonly isTTY?: boolean
}

export function testContext({
  env = {},
  signal = new AbortController().signal,
  isTTY = false,
}: TestContextOptions = {}): TestContext {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr'): Sink => ({
    write: (text) => (written[name] += text),
    isTTY,
    columns: 100,
  })
  return { stdout: sink('stdout'), stderr: sink('stderr'), env, signal, written }
}
