import type { Endpoint } from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import type { Health } from './health.ts'
import {
  openConnection,
  type KnownOfServer,
  type OpenedConnection,
  type OpenOptions,
} from './open-connection.ts'

/** What a {@link Connector} works for. */
export interface ConnectorOptions {
  readonly endpoint: Endpoint
  readonly connection: OpenOptions
  /** Which pause follows a failure. */
  readonly health: Health
  /** Whether somebody needs a further connection when a pause is over. */
  readonly isNeeded: () => boolean
  /** @param onRetire to be called when the connection is to be replaced */
  readonly onOpened: (opened: OpenedConnection, onRetire: (retire: () => void) => void) => void
  /** Called before the next pause is set. */
  readonly onFailed: (error: Error) => void
}

/**
 * Opens the connections to one server. After a failure all attempts pause, be they for the first connection or for one
 * more, and until one succeeds there is one at a time. A timer begins the next one where it is needed, and keeps the
 * process alive only while calls wait for it.
 */
export class Connector {
  readonly #options: ConnectorOptions
  /** Those under way. A signal for each: a long-lived one would keep something of every attempt. */
  readonly #attempts = new Set<AbortController>()
  readonly #known: KnownOfServer = { speaksText: false }
  #pause: NodeJS.Timeout | undefined
  #suspect = false
  /** Whether the last attempt that ended failed. */
  #failing = false
  #closed = false

  constructor(options: ConnectorOptions) {
    this.#options = options
  }

  /** How many attempts are under way. */
  get opening(): number {
    return this.#attempts.size
  }

  /** Whether an attempt may begin now: no pause is under way. */
  get ready(): boolean {
    return this.#pause === undefined && !this.#closed
  }

  /** Whether calls should wait for the attempts under way: none has waited for them in vain. */
  get promising(): boolean {
    return this.#attempts.size > 0 && !this.#suspect
  }

  /** Notes that a call has waited for the attempts under way as long as calls do. */
  doubt(): void {
    this.#suspect = true
  }

  /**
   * Begins an attempt, unless there is a pause, or enough are under way.
   *
   * @param atOnce how many may be under way; after one failed it is one
   */
  open(atOnce = 1): void {
    if (!this.ready || this.#attempts.size >= (this.#failing ? 1 : atOnce)) return
    const attempt = new AbortController()
    this.#attempts.add(attempt)
    let retire: (() => void) | undefined
    let retired = false
    const onRetire = (): void => {
      retired = true
      retire?.()
    }
    const { endpoint, connection } = this.#options
    openConnection(endpoint, connection, { attempt, known: this.#known, onRetire }).then(
      (opened) => {
        this.#ended(attempt)
        this.#failing = false
        this.#options.onOpened(opened, (callback) => {
          retire = callback
          if (retired) callback()
        })
      },
      (error: unknown) => {
        this.#ended(attempt)
        this.#onFailed(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  /** Has the pause that is under way keep the process alive: a call waits for its end. */
  hold(): void {
    this.#pause?.ref()
  }

  /** Sets the pause that the server's health demands, and begins an attempt after it where one is needed. */
  wait(): void {
    time.clearTimeout(this.#pause)
    this.#pause = undefined
    if (this.#closed) return
    const pause = Math.ceil(this.#options.health.pause(time.now()))
    if (pause === 0) {
      this.#openIfNeeded()
      return
    }
    this.#pause = time.setTimeout(() => {
      this.#pause = undefined
      this.#openIfNeeded()
    }, pause)
    this.#pause.unref()
  }

  /** Ends what is under way with that reason, and begins nothing more. */
  close(reason: Error): void {
    this.#closed = true
    time.clearTimeout(this.#pause)
    for (const attempt of this.#attempts) attempt.abort(reason)
  }

  #openIfNeeded(): void {
    if (this.#attempts.size === 0 && this.#options.isNeeded()) this.open()
  }

  #ended(attempt: AbortController): void {
    this.#attempts.delete(attempt)
    this.#suspect = false
  }

  #onFailed(error: Error): void {
    // another server may be there when it is back
    this.#known.speaksText = false
    this.#failing = true
    this.#options.onFailed(error)
    this.wait()
  }
}
