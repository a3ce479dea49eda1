import { randomInt } from 'node:crypto'

/** The first pause after a refusal, and the longest, in milliseconds. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000

/** What a server said of one version of the credentials. */
export interface Refusal {
  readonly server: string
  /** Which version it refused. */
  readonly version: number
  /** How often in a row. */
  readonly times: number
  /** When it may be asked again, in milliseconds of `performance.now()`. */
  readonly retryAt: number
  readonly error: Error
}

/**
 * Keeps refused credentials from being tried again and again, which would lock accounts and hide attackers: pauses
 * double from a second to a minute, with jitter, for each server and version.
 */
export class Refusals {
  readonly #refusals = new Map<string, Refusal>()

  /** Notes a refusal. */
  note(server: string, version: number, error: Error): Refusal {
    const before = this.find(server, version)
    const times = (before?.times ?? 0) + 1
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (times - 1))
    const retryAt = performance.now() + pause - randomInt(Math.ceil(pause / 4))
    const refusal: Refusal = { server, version, times, retryAt, error }
    this.#refusals.set(keyOf(server, version), refusal)
    return refusal
  }

  /** Forgets what a server said of a version, since it took it now. */
  forget(server: string, version: number): void {
    this.#refusals.delete(keyOf(server, version))
  }

  /** Forgets everything: there are other credentials. */
  clear(): void {
    this.#refusals.clear()
  }

  /** What is remembered: which server refused which version. */
  list(): readonly { readonly server: string; readonly version: number; readonly times: number }[] {
    return [...this.#refusals.values()].map(({ server, version, times }) => ({ server, version, times }))
  }

  find(server: string, version: number): Refusal | undefined {
    return this.#refusals.get(keyOf(server, version))
  }

  /** Milliseconds until a version may be tried on a server; 0 when it may be now. */
  pause(server: string, version: number): number {
    return Math.max(0, (this.find(server, version)?.retryAt ?? 0) - performance.now())
  }
}

function keyOf(server: string, version: number): string {
  return `${String(version)} ${server}`
}
