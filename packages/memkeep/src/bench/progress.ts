/** How often anything is looked at, in milliseconds. */
const LOOK = 100

/** No reply for longer than anyone would wait. */
export class Hang extends Error {
  override readonly name = 'Hang'
}

/** What a client has answered, and whether it still answers. */
export interface Progress {
  /** Requests answered. */
  done: number
  /** Rejects with a {@link Hang}. */
  readonly hang: Promise<never>
  end(): void
}

/** Watches that requests are answered at all. */
export function watch(patience: number): Progress {
  let seen = 0
  let since = performance.now()
  let timer: NodeJS.Timeout | undefined
  const hang = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = performance.now()
      if (progress.done !== seen) {
        seen = progress.done
        since = now
      } else if (now - since >= patience) {
        reject(new Hang(`no reply for ${String(Math.round(now - since))} ms`))
      }
    }, LOOK)
  })
  const progress: Progress = {
    done: 0,
    hang,
    end: () => {
      clearInterval(timer)
    },
  }
  return progress
}
