import { mkdtemp, readdir, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startGuarded } from './guard.ts'

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

describe('the guard', () => {
  it('removes the folder when the server ends by itself, and says how it ended', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'memkeep-guard-'))
    const folder = await mkdtemp(join(parent, 'server-'))
    await writeFile(join(folder, 'secret'), 'x')
    const guarded = await startGuarded(folder, ['sh', '-c', 'echo broken >&2; exit 3'], process.env)
    await until(() => guarded.ended.aborted)
    await guarded.stop()
    expect(guarded.ended.reason).toMatchObject({ message: 'sh ended with code 3: broken' })
    expect(await isEmpty(parent)).toBe(true)
    await rmdir(parent)
  })

  it('stops a server that would not stop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-guard-'))
    const guarded = await startGuarded(
      folder,
      ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'],
      process.env,
    )
    expect(isAlive(guarded.pid)).toBe(true)
    await guarded.stop()
    await guarded.stop()
    expect(isAlive(guarded.pid)).toBe(false)
  })
})
