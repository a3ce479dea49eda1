import { EventEmitter } from 'node:events'
import {
  formatEndpoint,
  MemkeepError,
  tcp,
  type Channel,
  type ConnectOptions,
  type Endpoint,
  type Transport,
} from '@memkeep/core'
import { describeCertificate } from './certificate.ts'
import { channels, type ExpiryMessage, type HandshakeMessage, type ReloadMessage } from './channels.ts'
import type { ConnectionDescription, TlsDescription } from './description.ts'
import { ExpiryWatch } from './expiry-watch.ts'
import { FileWatch } from './file-watch.ts'
import { diagnose, isAmbiguous } from './diagnosis.ts'
import { handshake, type Established } from './handshake.ts'
import { isDistrust } from './handshake-errors.ts'
import { loadMaterial, type Material } from './material.ts'
import { assertTlsOptions, type TlsOptions } from './options.ts'
import { parsePins } from './pins.ts'
import { Retirement } from './retirement.ts'
import { SessionCache, type Ticket } from './session-cache.ts'
import { filesOf, readFiles, readFilesSync, type FileContents } from './sources.ts'
import { warnOfExpiry, warnOfReload, warnOfSkippedVerification } from './warnings.ts'

/** The events of a {@link TlsTransport}. What nobody listens to, here or on its channel, is a process warning. */
export interface TlsEvents {
  /** Other certificates were loaded; new connections use them, open ones are replaced. */
  reload: [ReloadMessage]
  /** The files changed and cannot be used: what was loaded before stays in use. */
  reloadFailed: [Error]
  /** A certificate ends soon, or has ended; once a day for each. */
  expiry: [ExpiryMessage]
}

/** What one connection is tried with. */
interface Attempt {
  readonly generation: Generation
  readonly signal: AbortSignal
  readonly ticket?: Ticket
}

/** One set of certificates, and the sessions that were made with it. */
interface Generation {
  /** Counts up from the first. */
  readonly number: number
  readonly contents: FileContents
  readonly material: Material
  readonly sessions: SessionCache
  readonly loadedAt: Date
}

/** A channel that is open, and how it is replaced. */
interface OpenChannel {
  readonly channel: Channel
  readonly generation: Generation
  readonly description: Omit<ConnectionDescription, 'retiring'>
  readonly onRetire: (() => void) | undefined
  retiring: boolean
}

/** TLS with one set of options: what {@link tls} makes. */
export class TlsTransport extends EventEmitter<TlsEvents> implements Transport {
  readonly name: string
  /** False with `dangerouslySkipVerification`: passwords are not for whoever answers. */
  readonly confidential: boolean
  readonly #options: TlsOptions
  readonly #pins: ReadonlySet<string> | undefined
  readonly #files: readonly string[]
  readonly #wire = tcp()
  readonly #watch: FileWatch
  readonly #expiry: ExpiryWatch
  readonly #retirement = new Retirement()
  readonly #open = new Set<OpenChannel>()
  #generation: Generation
  #reloading: Promise<boolean> | undefined
  #reloadError: Error | undefined

  /** @throws as {@link tls} */
  constructor(options: TlsOptions) {
    super()
    assertTlsOptions(options)
    this.#options = { ...options }
    this.#pins = options.pins === undefined ? undefined : parsePins(options.pins)
    this.confidential = options.dangerouslySkipVerification !== true
    this.name = this.confidential ? 'tls' : 'tls without verification'
    this.#files = filesOf(options)
    // before they are read, so that no change falls in between
    this.#watch = new FileWatch(this.#files, () => {
      this.reload().catch(() => undefined)
    })
    this.#generation = generationOf(1, this.#options, readFilesSync(this.#files))
    this.#watch.start(options.watchInterval ?? 5000)
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
  async connect(endpoint: Endpoint, { signal, onRetire }: ConnectOptions): Promise<Channel> {
    const generation = this.#generation
    const server = formatEndpoint(endpoint)
    try {
      const established = await this.#establish(endpoint, generation, signal)
      this.#adopt(server, established, generation, onRetire)
      return established.channel
    } catch (error) {
      if (isDistrust(error)) this.#dropOlder(server, generation, error)
      throw error
    }
  }

  /**
   * Reads the files again, and uses what they hold from now on: for new connections at once, while open ones are
   * replaced one by one, where their owner can. Resolves to whether anything had changed.
   *
   * @throws MemkeepError as {@link tls} does; then what was loaded before stays in use
   */
  reload(): Promise<boolean> {
    this.#reloading ??= this.#load().finally(() => {
      this.#reloading = undefined
    })
    return this.#reloading
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
      own: material.own === undefined ? undefined : describeCertificate(material.own),
      files: this.#files,
      loadedAt,
      reloadError: this.#reloadError,
      connections: [...this.#open].map(({ description, retiring }) => ({ ...description, retiring })),
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

  /** Offers an earlier session; a server that breaks off for it is asked again without one. */
  async #establish(endpoint: Endpoint, generation: Generation, signal: AbortSignal): Promise<Established> {
    const server = formatEndpoint(endpoint)
    const ticket = generation.sessions.take(server)
    if (ticket === undefined) return this.#attempt(endpoint, { generation, signal })
    try {
      return await this.#attempt(endpoint, { generation, signal, ticket })
    } catch (error) {
      if (!isAlert(error)) throw error
      const established = await this.#attempt(endpoint, { generation, signal })
      generation.sessions.refuse(server)
      return established
    }
  }

  async #attempt(
    endpoint: Endpoint,
    { generation: { material, sessions }, signal, ticket }: Attempt,
  ): Promise<Established> {
    const server = formatEndpoint(endpoint)
    const name = expectedName(endpoint, this.#options.servername)
    const connect = async (skipVerification: boolean): Promise<Established> =>
      handshake({
        wire: await this.#wire.connect(endpoint, { signal }),
        server,
        name,
        pins: this.#pins,
        context: material.context,
        own: material.own,
        skipVerification,
        ticket,
        onTicket: (next) => {
          // not one of a server that was asked for its certificates alone
          if (skipVerification !== this.confidential) sessions.put(server, next)
        },
        signal,
      })
    return published(endpoint, async () => {
      try {
        return await connect(!this.confidential)
      } catch (error) {
        if (!isAmbiguous(error)) throw error
        throw await diagnose(error, server, () => connect(true))
      }
    })
  }

  #adopt(
    server: string,
    { channel, protocol, cipher, resumed, certificate }: Established,
    generation: Generation,
    onRetire: (() => void) | undefined,
  ): void {
    const described = certificate === undefined ? undefined : describeCertificate(certificate)
    const description = { server, since: new Date(), protocol, cipher, resumed, certificate: described }
    const open: OpenChannel = { channel, generation, description, onRetire, retiring: false }
    this.#open.add(open)
    channel.once('close', () => this.#open.delete(open))
    if (described !== undefined) this.#expiry.watch({ owner: 'server', server }, described)
    this.#retireOld()
  }

  /** Has channels replaced that were made with other certificates than those that are in use now. */
  #retireOld(): void {
    for (const open of this.#open) {
      if (open.generation === this.#generation || open.retiring || open.onRetire === undefined) continue
      open.retiring = true
      this.#retirement.add(open.channel, open.onRetire)
    }
  }

  /** Ends channels to a server that was trusted before and is not by what is in use now. */
  #dropOlder(server: string, generation: Generation, error: MemkeepError): void {
    for (const open of this.#open) {
      if (open.description.server === server && open.generation.number < generation.number) {
        open.channel.destroy(error)
      }
    }
  }

  async #load(): Promise<boolean> {
    try {
      const contents = await readFiles(this.#files)
      this.#reloadError = undefined
      if (areSame(contents, this.#generation.contents)) return false
      this.#generation = generationOf(this.#generation.number + 1, this.#options, contents)
    } catch (error) {
      this.#onReloadFailed(error as Error)
      throw error
    }
    const { own } = this.#generation.material
    const message: ReloadMessage = { certificate: own === undefined ? undefined : describeCertificate(own) }
    channels.reload.publish(message)
    this.emit('reload', message)
    this.#watchOwn()
    this.#retireOld()
    return true
  }

  #onReloadFailed(error: Error): void {
    this.#reloadError = error
    const { own } = this.#generation.material
    channels.reload.publish({
      certificate: own === undefined ? undefined : describeCertificate(own),
      error,
    } satisfies ReloadMessage)
    if (!this.emit('reloadFailed', error) && !channels.reload.hasSubscribers) warnOfReload(error)
  }

  #watchOwn(): void {
    const { own } = this.#generation.material
    if (own !== undefined) this.#expiry.watch({ owner: 'own', server: undefined }, describeCertificate(own))
  }
}

function generationOf(number: number, options: TlsOptions, contents: FileContents): Generation {
  return {
    number,
    contents,
    material: loadMaterial(options, contents),
    sessions: new SessionCache(),
    loadedAt: new Date(),
  }
}

function areSame(some: FileContents, others: FileContents): boolean {
  return [...some].every(([file, content]) => others.get(file)?.equals(content) === true)
}

/** Publishes how an attempt went. */
async function published(endpoint: Endpoint, attempt: () => Promise<Established>): Promise<Established> {
  const started = performance.now()
  const publish = (facts: Pick<HandshakeMessage, 'protocol' | 'cipher' | 'resumed' | 'error'>): void => {
    if (!channels.handshake.hasSubscribers) return
    const duration = performance.now() - started
    const server = formatEndpoint(endpoint)
    channels.handshake.publish({ server, endpoint, duration, ...facts } satisfies HandshakeMessage)
  }
  try {
    const established = await attempt()
    const { protocol, cipher, resumed } = established
    publish({ protocol, cipher, resumed })
    return established
  } catch (error) {
    publish({ protocol: undefined, cipher: undefined, resumed: false, error })
    throw error
  }
}

/** Whether the server broke the handshake off by an alert. */
function isAlert(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: string } }
  return /^ERR_SSL_.*ALERT/.test(cause?.code ?? '')
}

function expectedName(endpoint: Endpoint, servername: string | undefined): string {
  if (servername !== undefined) return servername
  if ('host' in endpoint) return endpoint.host
  throw new MemkeepError(
    'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
    `TLS over the Unix socket ${endpoint.path} has no host name to verify: set "servername" to one that the server's certificate has.`,
  )
}
