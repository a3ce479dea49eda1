import { stat } from 'node:fs/promises'
import { statSync, type BigIntStats } from 'node:fs'

const DEFAULT_INTERVAL = 5_000

/**
 * Looks at files at intervals and tells when one of them is another than before: written, replaced, or reached
 * through another symbolic link, as where secrets are mounted. Notifications of the file system miss that last one,
 * and those of network file systems.
 */
export class FileWatch {
  readonly #files: readonly string[]
  readonly #onChange: () => void
  #timer: NodeJS.Timeout | undefined
  #seen: string
  #looking = false

  /** What the files are now is what they are compared with. */
  constructor(files: readonly string[], onChange: () => void) {
    this.#files = files
    this.#onChange = onChange
    this.#seen = files.map(signatureAtOnce).join()
  }

  /** @param interval milliseconds between two looks; 0 for none */
  start(interval: number = DEFAULT_INTERVAL): void {
    if (this.#files.length > 0 && interval > 0) {
      this.#timer = setInterval(() => void this.#look(), interval).unref()
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    const now = (await Promise.all(this.#files.map(signatureNow))).join()
    this.#looking = false
    if (now === this.#seen) return
    this.#seen = now
    this.#onChange()
  }
}

function signatureAtOnce(file: string): string {
  try {
    return signature(statSync(file, { bigint: true, throwIfNoEntry: false }))
  } catch {
    // whoever reads the file reports what is wrong with it
    return signature(undefined)
  }
}

async function signatureNow(file: string): Promise<string> {
  return signature(await stat(file, { bigint: true }).catch(() => undefined))
}

function signature(stats: BigIntStats | undefined): string {
  return stats === undefined
    ? 'none'
    : [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':')
}
