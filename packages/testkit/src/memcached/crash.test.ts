import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const CRASH = fileURLToPath(new URL('../../fixtures/crash.mjs', import.meta.url))

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Waits for what must come true; the test's own timeout is the limit. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5)
}

const isEmpty = async (folder: string): Promise<boolean> => (await readdir(folder)).length === 0

describe('a server of tests that are killed', () => {
  it('leaves no process and no file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-crash-'))
    const tests = spawn(process.execPath, [CRASH], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(tests.stdout.setEncoding('utf8'), 'data')) as [string]
    const { pid } = JSON.parse(line) as { pid: number }
    expect(isAlive(pid)).toBe(true)
    expect(await isEmpty(folder)).toBe(false)
    tests.kill('SIGKILL')
    await until(() => !isAlive(pid))
    await until(() => isEmpty(folder))
    await rmdir(folder)
  })
})
