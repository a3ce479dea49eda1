import { eventually } from '@memkeep/testkit'
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withLock } from './with-lock.ts'

const KEYS = { code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE', holds: 'keys', secret: true } as const
const never = new AbortController().signal

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-lock-'))
  path = join(folder, 'keys.json')
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

it('lets one in at a time, and leaves nothing behind', async () => {
  let inside = 0
  let most = 0
  const results = await Promise.all(
    [1, 2, 3].map((number) =>
      withLock(path, KEYS, never, async () => {
        most = Math.max(most, ++inside)
        await turn()
        inside--
        return number
      }),
    ),
  )
  expect(results).toEqual([1, 2, 3])
  expect(most).toBe(1)
  expect(existsSync(`${path}.lock`)).toBe(false)
})

it('is released when the task fails', async () => {
  const failure = new Error('no')
  await expect(withLock(path, KEYS, never, () => Promise.reject(failure))).rejects.toBe(failure)
  await withLock(path, KEYS, never, () => Promise.resolve())
})

it('is taken from one who has died', async () => {
  mkdirSync(`${path}.lock`)
  const minuteAgo = Date.now() / 1000 - 60
  utimesSync(`${path}.lock`, minuteAgo, minuteAgo)
  expect(await withLock(path, KEYS, never, () => Promise.resolve('in'))).toBe('in')
})

it('is not waited for without end, and says so', async () => {
  mkdirSync(`${path}.lock`)
  vi.spyOn(Date, 'now').mockReturnValueOnce(0)
  await expect(withLock(path, KEYS, never, () => Promise.resolve())).rejects.toMatchObject({
    code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE',
    message: expect.stringContaining('Somebody else has been changing') as string,
  })
})

it('is not waited for after an interrupt', async () => {
  mkdirSync(`${path}.lock`)
  const interrupted = new AbortController()
  const waiting = withLock(path, KEYS, interrupted.signal, () => Promise.resolve())
  await turn()
  interrupted.abort(new Error('Ctrl-C'))
  await expect(waiting).rejects.toThrow('Ctrl-C')
})

it('says which permission is missing', async () => {
  await expect(
    withLock(join(folder, 'none', 'keys.json'), KEYS, never, () => Promise.resolve()),
  ).rejects.toThrow('cannot be made (ENOENT)')
})

it('tells the task before it writes that somebody took the lock away', async () => {
  await expect(
    withLock(path, KEYS, never, async (assertHeld) => {
      assertHeld()
      rmSync(`${path}.lock`, { recursive: true })
      // the lock is looked at every five seconds
      await eventually(() => {
        expect(assertHeld).toThrow('was lost')
      })
      assertHeld()
    }),
  ).rejects.toMatchObject({ code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE' })
})
