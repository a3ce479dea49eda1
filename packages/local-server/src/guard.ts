import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs a server and outlives nobody: when its standard input ends, which the kernel sees to however this process
 * dies, it kills the server by pid (memcached has nothing to save, and takes up to a second over SIGTERM); when the server
 * is gone, it removes the server's folder.
 */
const GUARD = `
dir=$1; shift
exec 3<&0
"$@" </dev/null 3<&- >&2 &
server=$!
echo "$server"
# whoever reads our output may be dead, and a message to them would be the end of us
exec >/dev/null 2>&1
{ cat; kill -9 "$server"; } <&3 3<&- &
watcher=$!
exec 3<&-
wait "$server"
code=$?
kill "$watcher"
rm -rf "$dir"
exit "$code"
`

/** A server that runs under guard. */
export interface GuardedProcess {
  readonly pid: number
  /** Aborted when the server has ended; the reason says how, with what it printed to standard error. */
  readonly ended: AbortSignal
  /** Ends the server; resolves when it is gone and its folder removed. */
  stop(): Promise<void>
}

/** Starts a program under guard. `folder` is removed when it ends. */
export async function startGuarded(
  folder: string,
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<GuardedProcess> {
  // a session of its own, so that Ctrl-C reaches the guard only through the end of its input
  const guard = spawn('sh', ['-c', GUARD, 'guard', folder, program, ...args], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ending = new AbortController()
  let printed = ''
  guard.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  guard.stdin.on('error', () => undefined)
  const gone = once(guard, 'close').then(([code]: unknown[]) => {
    guard.stdin.destroy()
    ending.abort(
      new Error(`${program} ended with code ${String(code)}: ${printed.trim() || 'it printed nothing'}`),
    )
  })
  const [line] = (await Promise.race([
    once(guard.stdout.setEncoding('utf8'), 'data'),
    gone.then(() => ['']),
  ])) as [string]
  const pid = Number.parseInt(line, 10)
  if (!Number.isInteger(pid)) {
    await gone
    throw ending.signal.reason as Error
  }
  return {
    pid,
    ended: ending.signal,
    async stop() {
      guard.stdin.end()
      await gone
    },
  }
}
