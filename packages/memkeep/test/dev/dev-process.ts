import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startFaultServer } from '@memkeep/testkit'

export const PACKAGE: string = fileURLToPath(new URL('../../', import.meta.url))
const BIN = join(PACKAGE, 'bin/memkeep.mjs')

/** What `memkeep dev --json` says. */
export interface Ready {
  readonly address: string
  readonly pid: number
  readonly auth: string
  readonly mechanisms: readonly string[]
  readonly withoutSasl?: string
  readonly made: readonly string[]
  readonly uri: string
  readonly env: Readonly<Record<string, string>>
  readonly envFile: string
  readonly code: string
}

/** How a process ended, and all that it said. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder for the state and one for what runs, with the processes of them. */
export class Desk implements AsyncDisposable {
  /** What the folder of the state is called; it is not there before the first start. */
  readonly dir: string
  readonly #root: string
  readonly #temporary: string
  readonly #processes: DevProcess[] = []

  private constructor(root: string, temporary: string) {
    this.#root = root
    this.#temporary = temporary
    this.dir = join(root, "its state, it's here")
  }

  static async make(): Promise<Desk> {
    return new Desk(
      await mkdtemp(join(tmpdir(), 'memkeep-desk-')),
      await mkdtemp(join(tmpdir(), 'memkeep-tmp-')),
    )
  }

  /** Runs `memkeep dev` as a process of its own. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): DevProcess {
    const all = ['dev', '--dir', this.dir, ...args]
    const started = new DevProcess(all, { ...process.env, TMPDIR: this.#temporary, ...env })
    this.#processes.push(started)
    return started
  }

  /** What servers have left behind, while none runs. */
  leftovers(): Promise<readonly string[]> {
    return readdir(this.#temporary)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#processes) await each.kill('SIGKILL')
    await until(async () => (await this.leftovers()).length === 0)
    for (const folder of [this.#root, this.#temporary]) await rm(folder, { recursive: true })
  }
}

/** `memkeep dev` that runs. */
export class DevProcess {
  /** When it has ended. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.ended = once(this.#child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  /** What it says with `--json` when it is ready. @throws Error with what it printed, when it ends before */
  async ready(): Promise<Ready> {
    await this.says('\n')
    return JSON.parse(this.#stdout) as Ready
  }

  /** Waits until it has printed that. */
  async says(text: string): Promise<string> {
    let gone = false
    void this.ended.then(() => (gone = true))
    await until(() => gone || this.#stdout.includes(text))
    if (!this.#stdout.includes(text)) throw new Error(`It ended before: ${this.#stderr}`)
    return this.#stdout
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }
}

/** A port that was free just now. */
export async function freePort(): Promise<string> {
  await using server = await startFaultServer(() => undefined)
  return String(server.port)
}

/** Waits for what must come true; the test's own timeout is the limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5)
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
