import { EventEmitter } from 'node:events'
import {
  formatEndpoint,
  MemkeepError,
  tcp,
  type Channel,
  type ConnectOptions,
  type Endpoint,
  type MemkeepErrorCode,
  type Transport,
} from '@memkeep/core'
import { FileWatch, OpenChannels, type OpenChannel } from '@memkeep/core/internal'
import { describeCertificate, type CertificateDescription } from './certificate.ts'
import { channels, type ExpiryMessage, type ReloadMessage } from './channels.ts'
import type { ConnectionDescription, TlsDescription } from './description.ts'
import { establish } from './establish.ts'
import { ExpiryWatch } from './expiry-watch.ts'
import { nextGeneration, type Generation } from './generation.ts'
import { isDistrust, mayHideAlert } from './handshake-errors.ts'
import { readTlsOptions, type TlsOptions } from './options.ts'
import { parsePins } from './pins.ts'
import { filesOf, readFiles, type FileContents, type SourceFile } from './sources.ts'
import { firstOf, lookForConnectionLimit } from './second-look.ts'
import { warnOfExpiry, warnOfReload, warnOfSkippedVerification } from './warnings.ts'

const DAY = 86_400_000

/** The events of a {@link TlsTransport}. What nobody listens to, here or on its channel, is a process warning. */
export interface TlsEvents {
  /** Other certificates were loaded; new connections use them, open ones are replaced. */
  reload: [ReloadMessage]
  /** The files changed and cannot be used: what was loaded before stays in use. */
  reloadFailed: [Error]
  /** A certificate ends soon, or has ended; once a day for each. */
  expiry: [ExpiryMessage]
}

/** A channel that is open, and what it was made with. */
interface TlsChannel extends OpenChannel {
  readonly generation: Generation
  readonly description: Omit<ConnectionDescription, 'retiring'>
}

/** TLS with one set of options: what {@link tls} makes. */
export class TlsTransport extends EventEmitter<TlsEvents> implements Transport {
  readonly name: string
  /** False with `dangerouslySkipVerification`: passwords are not for whoever answers. */
  readonly confidential: boolean
  readonly #options: TlsOptions
  readonly #pins: ReadonlySet<string> | undefined
  readonly #files: readonly SourceFile[]
  readonly #wire = tcp()
  readonly #watch: FileWatch
  readonly #expiry: ExpiryWatch
  readonly #open = new OpenChannels<TlsChannel>()
  #generation: Generation
  #reloading: Promise<unknown> = Promise.resolve()
  #reloadError: Error | undefined

  /** @throws as {@link tls} */
  constructor(given: TlsOptions) {
    super()
    const options = readTlsOptions(given)
    this.#options = options
    this.#pins = options.pins === undefined ? undefined : parsePins(options.pins)
    this.confidential = options.dangerouslySkipVerification !== true
    this.name = this.confidential ? 'tls' : 'tls without verification'
    this.#files = filesOf(options)
    // before they are read, so that no change falls in between
    this.#watch = new FileWatch(
      this.#files.map(({ file }) => file),
      () => {
        this.reload().catch((error: unknown) => {
          // that one was told; whatever a listener throws is not for us to hide
          if (error !== this.#reloadError) throw error
        })
      },
    )
    this.#generation = nextGeneration(this.#options, readFiles(this.#files))
    this.#watch.start(options.watchInterval)
    this.#expiry = new ExpiryWatch(options.warnBefore, (message) => {
      channels.expiry.publish(message)
      if (!this.emit('expiry', message) && !channels.expiry.hasSubscribers) warnOfExpiry(message)
    })
    if (!this.confidential) warnOfSkippedVerification()
    // when whoever made this one listens
    queueMicrotask(() => {
      this.#watchOwn()
    })
  }

  /**
   * Connects and verifies the server. On TLS 1.3 a server's refusal of our certificate shows with its first answer:
   * `openChannel` of `@memkeep/core` waits for that.
   *
   * @throws MemkeepError `ERR_MEMKEEP_CONNECT_FAILED` or `ERR_MEMKEEP_TLS_…`; the signal's reason
   */
  async connect(endpoint: Endpoint, { signal, onConnected, onRetire }: ConnectOptions): Promise<Channel> {
    const generation = this.#generation
    const server = formatEndpoint(endpoint)
    try {
      const { channel, protocol, cipher, resumed, certificate } = await establish(endpoint, {
        generation,
        wire: this.#wire,
        servername: this.#options.servername,
        pins: this.#pins,
        maxSessionAge: this.#options.maxSessionAge ?? DAY,
        skipVerification: !this.confidential,
        signal,
        onConnected,
      })
      const described = certificate === undefined ? undefined : describeCertificate(certificate)
      const description = { server, since: new Date(), protocol, cipher, resumed, certificate: described }
      this.#open.add({ channel, generation, description, onRetire })
      this.#replaceOthers()
      if (described !== undefined) this.#expiry.watch({ owner: 'server', server }, described)
      return channel
    } catch (error) {
      if (isDistrust(error)) this.#endOlder(server, generation, error)
      throw error
    }
  }

  /**
   * Looks again at a server that broke off: one that has no connection left answers in plain text, and one that refuses
   * a certificate sends its alert where no command of ours provokes a reset that overtakes it.
   */
  async diagnose(
    error: unknown,
    endpoint: Endpoint,
    { signal }: Pick<ConnectOptions, 'signal'>,
  ): Promise<unknown> {
    if (isCode(error, 'ERR_MEMKEEP_TLS_NOT_SPOKEN')) {
      return (await lookForConnectionLimit(endpoint, this.#wire, signal)) ?? error
    }
    if (!mayHideAlert(error)) return error
    const channel = await this.connect(endpoint, { signal }).catch(() => undefined)
    const first = channel && (await firstOf(channel, signal))
    const isRefusal =
      isCode(first, 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED') ||
      isCode(first, 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED') ||
      isCode(first, 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_EXPIRED')
    return isRefusal ? first : error
  }

  /**
   * Reads the files again, and uses what they hold from now on: for new connections at once, while open ones are
   * replaced one by one, where their owner can. Resolves to whether anything had changed.
   *
   * @throws MemkeepError as {@link tls} does; then what was loaded before stays in use
   */
  reload(): Promise<boolean> {
    // after one that is under way, which may have read what has changed since
    const reloaded = this.#reloading.then(() => this.#load())
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  /** What it does, trusts and shows, for people to look at. */
  describe(): TlsDescription {
    const { minVersion = 'TLSv1.2', ciphers, servername, ca, trustDefaultCa = false } = this.#options
    const { material, loadedAt } = this.#generation
    return {
      transport: 'tls',
      verification: this.confidential ? 'on' : 'skipped',
      minVersion,
      ciphers,
      servername,
      pins: [...(this.#pins ?? [])],
      trustsDefaultCa: this.confidential && (ca === undefined || trustDefaultCa),
      authorities: material.authorities.map(describeCertificate),
      revocationLists: material.revocationLists,
      own: this.#describeOwn(),
      files: this.#files.map(({ file }) => file),
      loadedAt,
      reloadError: this.#reloadError,
      connections: [...this.#open].map((open) => ({
        ...open.description,
        retiring: this.#open.isRetiring(open),
      })),
    }
  }

  /** Looks after files and dates no more. Connections go on, and new ones can be made. */
  close(): void {
    this.#watch.stop()
    this.#expiry.stop()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Has channels replaced that were made with other certificates than those that are in use now. */
  #replaceOthers(): void {
    this.#open.replace(({ generation }) => generation !== this.#generation)
  }

  /** Ends channels to a server that were made with older certificates than these, by which it is not trusted. */
  #endOlder(server: string, { number }: Generation, error: Error): void {
    for (const { channel, generation, description } of this.#open) {
      if (description.server === server && generation.number < number) channel.destroy(error)
    }
  }

  #load(): boolean {
    try {
      const contents = readFiles(this.#files)
      this.#reloadError = undefined
      if (areSame(contents, this.#generation.contents)) return false
      this.#generation = nextGeneration(this.#options, contents, this.#generation)
    } catch (error) {
      this.#onReloadFailed(error as Error)
      throw error
    }
    this.#watchOwn()
    this.#replaceOthers()
    const message: ReloadMessage = { certificate: this.#describeOwn() }
    channels.reload.publish(message)
    this.emit('reload', message)
    return true
  }

  #onReloadFailed(error: Error): void {
    this.#reloadError = error
    channels.reload.publish({ certificate: this.#describeOwn(), error } satisfies ReloadMessage)
    if (!this.emit('reloadFailed', error) && !channels.reload.hasSubscribers) warnOfReload(error)
  }

  #watchOwn(): void {
    const own = this.#describeOwn()
    if (own !== undefined) this.#expiry.watch({ owner: 'own', server: undefined }, own)
  }

  #describeOwn(): CertificateDescription | undefined {
    const { own } = this.#generation.material
    return own === undefined ? undefined : describeCertificate(own)
  }
}

function areSame(some: FileContents, others: FileContents): boolean {
  return [...some].every(([file, content]) => others.get(file)?.equals(content) === true)
}

function isCode(error: unknown, code: MemkeepErrorCode): boolean {
  return error instanceof MemkeepError && error.code === code
}
