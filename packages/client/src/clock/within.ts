import { time } from '@memkeep/core/internal'

/** Waits for a promise, but no longer than that many milliseconds. */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    timer = time.setTimeout(resolve, milliseconds)
  })
  await Promise.race([promise, deadline])
  time.clearTimeout(timer)
}
