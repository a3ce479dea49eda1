import { fork } from 'node:child_process'
import { once } from 'node:events'

/** What an idle process does with its client before: nothing, `unref`, or `unref` and then `ref`. */
export type IdleMode = 'open' | 'unref' | 'ref again'

/** A client that can say whether its connections keep the process alive. */
export interface IdleClient {
  /** Asks the server something. */
  readonly ask: () => Promise<unknown>
  readonly ref: () => unknown
  readonly unref: () => unknown
  readonly close: () => unknown
}

/**
 * Runs a script that calls {@link stayIdle}, with the address and the mode as its arguments.
 *
 * @returns `idle`, `alive` if something kept the process alive, and its exit code
 */
export async function runIdleProcess(
  script: URL,
  address: string,
  mode: IdleMode,
): Promise<readonly unknown[]> {
  const child = fork(script, [address, mode], { execArgv: [] })
  const reported: unknown[] = []
  child.on('message', (message) => reported.push(message))
  const [code] = (await once(child, 'exit')) as unknown[]
  return [...reported, code]
}

/** In a process of {@link runIdleProcess}: uses the client, and reports whether that keeps the process alive. */
export async function stayIdle(make: (address: string) => IdleClient): Promise<void> {
  const [, , address = '', mode] = process.argv
  // a process with nothing to wait for ends at once, also in the middle of a call
  const work = setInterval(() => undefined, 1_000)
  const client = make(address)
  await client.ask()
  if (mode !== 'open') client.unref()
  if (mode === 'ref again') client.ref()
  await client.ask()
  clearInterval(work)
  process.send?.('idle', () => {
    if (mode === 'unref') return
    // fires only while something else keeps the process alive
    setTimeout(() => {
      process.send?.('alive', () => client.close())
    }, 500).unref()
  })
}
