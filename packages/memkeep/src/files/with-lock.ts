import { setTimeout as sleep } from 'node:timers/promises'
import { MemkeepError } from '@memkeep/core'
import { lock } from 'proper-lockfile'
import type { FileKind } from './write-file.ts'

/** Milliseconds that one waits for somebody else's lock: longer than it takes to see that he has died. */
const PATIENCE = 20_000
const STALE = 10_000
const PAUSE = 50

/**
 * Runs a task while nobody else on any machine that sees the folder does so with this file: by the folder
 * `<path>.lock`, which one who has died does not hold for longer than ten seconds.
 *
 * @param path no link, so that two links to a file have one lock
 * @param task is handed what throws once the lock is lost, to be called before it writes
 * @throws MemkeepError `kind.code` when somebody holds the lock for too long; what the task throws
 */
export async function withLock<T>(
  path: string,
  kind: FileKind,
  signal: AbortSignal,
  task: (assertHeld: () => void) => Promise<T>,
): Promise<T> {
  let lost: Error | undefined
  const release = await take(path, kind, signal, (error) => {
    lost = error
  })
  try {
    return await task(() => {
      if (lost !== undefined) {
        const message = `The lock of ${path} was lost to somebody else: nothing was written, try again.`
        throw new MemkeepError(kind.code, message, { cause: lost })
      }
    })
  } finally {
    // one that was lost is no longer ours to release
    if (lost === undefined) await release()
  }
}

async function take(
  path: string,
  kind: FileKind,
  signal: AbortSignal,
  onCompromised: (error: Error) => void,
): Promise<() => Promise<void>> {
  const end = Date.now() + PATIENCE
  for (;;) {
    signal.throwIfAborted()
    try {
      return await lock(path, { realpath: false, stale: STALE, onCompromised })
    } catch (cause) {
      const { code = 'unknown error' } = cause as { readonly code?: string }
      if (code !== 'ELOCKED') {
        const message = `${path}.lock cannot be made (${code}): check the permissions of its folder.`
        throw new MemkeepError(kind.code, message, { cause })
      }
      if (Date.now() > end) {
        throw new MemkeepError(
          kind.code,
          `Somebody else has been changing ${path} for a while: look who it is, and try again.`,
        )
      }
    }
    await sleep(PAUSE, undefined, { signal }).catch(() => {
      signal.throwIfAborted()
    })
  }
}
