import { EventEmitter } from 'node:events'
import {
  formatEndpoint,
  MemkeepError,
  type AuthContext,
  type Authenticator,
  type Channel,
  type ConnectOptions,
  type Endpoint,
} from '@memkeep/core'
import { displayText, FileWatch, OpenChannels, type OpenChannel } from '@memkeep/core/internal'
import type { AuthOptions } from './auth-options.ts'
import { channels, type RefreshMessage, type RefusedMessage } from './channels.ts'
import { filesOf } from './credential-source.ts'
import { CredentialStore, type Version } from './credential-store.ts'
import type { Credentials } from './credentials.ts'
import { Refusals } from './refusals.ts'

/** The events of a {@link PasswordAuthenticator}. */
export interface AuthEvents {
  /** A server refused credentials. What was accepted before is used there, if there is such. */
  refused: [RefusedMessage]
  /** Credentials were read or fetched again and are others. */
  refresh: [RefreshMessage]
  /** Credentials could not be read or fetched again: those before stay in use. */
  refreshFailed: [Error]
}

/** How credentials are said. */
export interface Exchange {
  readonly name: string
  readonly protocol: Authenticator['protocol']
  /** Refuses credentials that cannot be said, when they are read. */
  check(credentials: Credentials): void
  /**
   * Says them; a refusal by the server is `ERR_MEMKEEP_AUTH_REJECTED`, after which the channel takes another try.
   */
  say(channel: Channel, context: AuthContext, version: Version): Promise<void>
}

/** What is known of an authenticator's credentials. Nothing in it is secret. */
export interface AuthDescription {
  readonly authenticator: string
  /** Which credentials are the newest: 1 for the first, one more for every change; 0 before they were fetched. */
  readonly version: number
  /** Open connections by the version that their server accepted. */
  readonly connections: readonly { readonly server: string; readonly version: number }[]
  /** Servers that refused a version, how often in a row, and that they did not take it since. */
  readonly refused: readonly { readonly server: string; readonly version: number; readonly times: number }[]
}

/** A channel that is open, and which credentials its server accepted. */
interface AuthenticatedChannel extends OpenChannel {
  readonly server: string
  readonly version: number
}

/**
 * Authenticates by name and password, which may change while connections are open: new ones are tried on new
 * connections, those before are used where a server does not take the new ones, and refused ones are left alone for a
 * while.
 */
export class PasswordAuthenticator extends EventEmitter<AuthEvents> implements Authenticator {
  readonly name: string
  readonly protocol: Authenticator['protocol']
  readonly #exchange: Exchange
  readonly #store: CredentialStore
  readonly #watch: FileWatch
  readonly #refusals = new Refusals()
  readonly #open = new OpenChannels<AuthenticatedChannel>()
  /** Why the credentials were last not read. */
  #refreshError: unknown

  /** @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE` */
  constructor(owner: string, options: AuthOptions, exchange: Exchange) {
    super()
    this.name = exchange.name
    this.protocol = exchange.protocol
    this.#exchange = exchange
    // before they are read, so that no change falls in between
    this.#watch = new FileWatch(filesOf(options), () => {
      this.refresh().catch((error: unknown) => {
        // that one was told; whatever a listener throws is not for us to hide
        if (error !== this.#refreshError) throw error
      })
    })
    this.#store = new CredentialStore(owner, options, (credentials) => {
      exchange.check(credentials)
    })
    this.#watch.start(options.watchInterval)
  }

  /**
   * Has credentials at hand before a connection is made.
   *
   * @throws MemkeepError `ERR_MEMKEEP_AUTH_PAUSED` when the server refused them a short while ago, and those of the
   * credentials
   */
  async prepare(endpoint: Endpoint, { signal }: Pick<ConnectOptions, 'signal'>): Promise<void> {
    const newest = await this.#newest(signal)
    const server = formatEndpoint(endpoint)
    if (this.#candidates(server, newest).length === 0) throw this.#paused(server, newest)
  }

  /**
   * Says the newest credentials, and where a server refuses them those before.
   *
   * @throws MemkeepError `ERR_MEMKEEP_AUTH_…`
   */
  async authenticate(channel: Channel, context: AuthContext): Promise<void> {
    const newest = await this.#newest(context.signal)
    const server = formatEndpoint(context.endpoint)
    let refusal: unknown = this.#paused(server, newest)
    for (const version of this.#candidates(server, newest)) {
      try {
        await this.#exchange.say(channel, context, version)
      } catch (error) {
        if (!isRefusal(error)) throw error
        this.#onRefused(context.endpoint, version, error)
        refusal = error
        continue
      }
      this.#refusals.forget(server, version.number)
      this.#open.add({ channel, server, version: version.number, onRetire: context.onRetire })
      // others came while these were said
      if (newest.number !== this.#store.number) this.#replaceOthers()
      return
    }
    throw refusal
  }

  /**
   * Reads or fetches the credentials again. When they are others, open connections are replaced one by one, where
   * their owner can; a server that refuses the new ones goes on with those before. Resolves to whether they changed.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`; then those before
   * stay in use
   */
  async refresh(): Promise<boolean> {
    let changed: boolean
    try {
      changed = await this.#store.load()
    } catch (error) {
      this.#onRefreshFailed(error as Error)
      throw error
    }
    this.#onRefreshed(changed)
    return changed
  }

  /** What is in use where. */
  describe(): AuthDescription {
    return {
      authenticator: this.name,
      version: this.#store.number,
      connections: [...this.#open].map(({ server, version }) => ({ server, version })),
      refused: this.#refusals.list(),
    }
  }

  /** Looks after files no more. Connections go on, and new ones can be made. */
  close(): void {
    this.#watch.stop()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #newest(signal: AbortSignal): Promise<Version> {
    const before = this.#store.number
    const newest = await this.#store.newest(signal, (error) => {
      this.#onRefreshFailed(error as Error)
    })
    if (before !== 0 && newest.number !== before) this.#onRefreshed(true)
    return newest
  }

  /** What may be tried on a server, the newest first. */
  #candidates(server: string, newest: Version): readonly Version[] {
    const { previous } = this.#store
    const versions = previous === undefined ? [newest] : [newest, previous]
    return versions.filter(({ number }) => this.#refusals.pause(server, number) === 0)
  }

  #paused(server: string, { number }: Version): MemkeepError {
    const pause = this.#refusals.pause(server, number)
    return new MemkeepError(
      'ERR_MEMKEEP_AUTH_PAUSED',
      `${server} refused the user name or password, and is not asked again for ${(pause / 1000).toFixed(1)} s: correct them here or there; refresh() tries at once when they changed.`,
      { cause: this.#refusals.find(server, number)?.error },
    )
  }

  #onRefused(endpoint: Endpoint, { number }: Version, error: MemkeepError): void {
    const server = formatEndpoint(endpoint)
    const { retryAt } = this.#refusals.note(server, number, error)
    const pause = retryAt - performance.now()
    const message: RefusedMessage = {
      authenticator: this.name,
      server,
      endpoint,
      version: number,
      pause,
      error,
    }
    channels.refused.publish(message)
    this.emit('refused', message)
  }

  #onRefreshed(changed: boolean): void {
    const message: RefreshMessage = { authenticator: this.name, changed }
    channels.refresh.publish(message)
    if (!changed) return
    this.#refusals.clear()
    this.#replaceOthers()
    this.emit('refresh', message)
  }

  /** Has channels replaced, where their owner can, that were opened with other credentials than the newest. */
  #replaceOthers(): void {
    this.#open.replace(({ version }) => version !== this.#store.number)
  }

  #onRefreshFailed(error: Error): void {
    this.#refreshError = error
    channels.refresh.publish({ authenticator: this.name, changed: false, error } satisfies RefreshMessage)
    if (!this.emit('refreshFailed', error) && !channels.refresh.hasSubscribers) {
      process.emitWarning(
        `The credentials were not read again, those before stay in use: ${displayText(error.message)}`,
        {
          code: 'MEMKEEP_CREDENTIALS_REFRESH',
        },
      )
    }
  }
}

function isRefusal(error: unknown): error is MemkeepError {
  return error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_AUTH_REJECTED'
}
