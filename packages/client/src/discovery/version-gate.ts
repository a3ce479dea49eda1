/** The most by which the version of a cluster grows from one answer to the next. */
export const MAX_VERSION_STEP = 1_000
/** How often in a row an answer that does not follow the last one must come before it is used. */
export const REPETITIONS = 3
/** Milliseconds for which an answer that is older by no more than a step must be repeated: endpoints may lag behind. */
export const LAG = 600_000

/** What to do with an answer: use it, leave everything as it is, or report it and leave everything as it is. */
export type Verdict = 'use' | 'unchanged' | 'unconfirmed'

interface Pending {
  readonly version: number
  readonly servers: string
  readonly since: number
  readonly times: number
}

/**
 * Decides which answers of a discovery are used. An older one comes from an endpoint that lags behind, or follows a
 * forged one with an enormous version; one that is newer by more than a cluster can change is forged, or the cluster
 * was created again. No single answer tells which it is, so such a one is used only when it is repeated: one forged
 * answer changes nothing, and is outlived if it was the first.
 */
export class VersionGate {
  #version: number | undefined
  #servers: string | undefined
  #pending: Pending | undefined

  /** The version in use; undefined before the first answer. */
  get version(): number | undefined {
    return this.#version
  }

  /**
   * @param servers the servers as one text, by which two answers are compared
   * @param now milliseconds of a clock that never goes back
   */
  judge(version: number, servers: string, now: number): Verdict {
    const step = this.#version === undefined ? 0 : version - this.#version
    if (step >= 0 && step <= MAX_VERSION_STEP) return this.#use(version, servers)
    if (servers === this.#servers) {
      this.#pending = undefined
      return 'unchanged'
    }
    const { since, times } = this.#note(version, servers, now)
    if (times < REPETITIONS) return 'unconfirmed'
    if (Math.abs(step) <= MAX_VERSION_STEP && now - since < LAG) return 'unconfirmed'
    return this.#use(version, servers)
  }

  #use(version: number, servers: string): Verdict {
    const verdict = servers === this.#servers ? 'unchanged' : 'use'
    this.#version = version
    this.#servers = servers
    this.#pending = undefined
    return verdict
  }

  #note(version: number, servers: string, now: number): Pending {
    const last = this.#pending
    const agrees = last?.servers === servers && version >= last.version
    const since = agrees ? last.since : now
    const times = agrees ? last.times + 1 : 1
    return (this.#pending = { version, servers, since, times })
  }
}
