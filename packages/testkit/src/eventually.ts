import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds after which a check has failed: far more than a loaded machine needs, less than a test may take. */
const HANGS_AFTER = 540_000
/** Milliseconds between two checks. */
const INTERVAL = 10

/**
 * Repeats a check until it does not throw, and returns what it returns. Under load it takes longer; it fails with the
 * check's last error only when something hangs.
 */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  const started = performance.now()
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > started + HANGS_AFTER) throw error
    }
    await sleep(INTERVAL)
  }
}
