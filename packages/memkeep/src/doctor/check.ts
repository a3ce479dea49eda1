import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { Endpoint, Transport } from '@memkeep/core'
import type { Keyring } from '@memkeep/encryption'
import type { Opened } from './engine/opened.ts'
import type { Finding } from './finding.ts'

/** What came back to something that was sent. A server can do what it likes: nothing here rejects for that. */
export interface Reply {
  readonly received: Buffer
  /**
   * `whole`: it is what was waited for. `quiet`: nothing more came in time. `closed`: the server closed.
   * `too-much`: more came than anyone would read. `failed`: the connection broke, and `failure` says how.
   */
  readonly end: 'whole' | 'quiet' | 'closed' | 'too-much' | 'failed'
  readonly failure: string | undefined
}

/** One connection to the server, one question at a time. */
export interface Conversation {
  /**
   * Sends bytes and collects what comes back until `isWhole` says so. Bounded in bytes and time, whatever the server
   * does. After `quiet` another question may be asked; after any other end but `whole` every answer is that end.
   */
  ask(sent: string | Buffer, isWhole: (received: Buffer) => boolean): Promise<Reply>
  close(): void
}

/** What `stats settings` said. */
export interface Settings {
  /** Who was told. */
  readonly toldTo: 'stranger' | 'friend'
  readonly values: ReadonlyMap<string, string>
}

/** What an audit knows of a server before its checks run, and how they reach it. */
export interface CheckContext {
  /** `host:port`, `[::1]:11211` or a path. */
  readonly server: string
  readonly endpoint: Endpoint
  /** The IP address that a stranger's connections go to; undefined on a Unix socket. */
  readonly address: string | undefined
  /** What its certificate should be for: the host that was given, or `--servername`; undefined on a Unix socket. */
  readonly name: string | undefined
  /** Every IP address of the name that was given, that one among them. */
  readonly addresses: readonly string[]
  /**
   * `plain`: it answers a stranger's `version` in clear. `tls`: it does TLS, be it that it then turns a stranger away
   * for want of a client certificate.
   */
  readonly speaks: { readonly plain: boolean; readonly tls: boolean }
  /**
   * The protocol in which the server answers a stranger's `version`, over TLS if it can be, else in clear; `none`
   * where it answers in neither, such as one that demands a client certificate. A server with ASCII authentication
   * answers in `text`, that a stranger is unauthenticated.
   */
  readonly strangerProtocol: 'text' | 'binary' | 'none'
  /** memcached's version, where it told it to a stranger, else to a friend. */
  readonly version: string | undefined
  /**
   * Connects as a stranger, over TLS if a stranger gets in there, with no certificate and taking any; undefined where
   * no stranger gets in.
   */
  openAsStranger(): Promise<Conversation | undefined>
  /** Connects to where strangers do, with nothing said. Never rejects, and is ended with the audit. */
  openSocket(): Promise<Opened>
  /** Connects and does a TLS handshake that takes any certificate. Never rejects, and is ended with the audit. */
  openTls(options?: ConnectionOptions): Promise<Opened<TLSSocket>>
  /** Whether credentials, a certificate or the word of the user that none are needed were given. */
  readonly hasFriend: boolean
  /** Connects as a friend, authenticated; undefined where none was given or the server refuses, which is an unknown already. */
  openAsFriend(): Promise<Conversation | undefined>
  /** The protocol that the server speaks with a friend. */
  readonly friendProtocol: 'text' | 'binary'
  /** How a friend's bytes reach the server, where that was given. */
  readonly friendTransport: Transport | undefined
  /** `stats settings` as a stranger is told it, else a friend; undefined where neither is. Asked once. */
  readSettings(): Promise<Settings | undefined>
  /** The keys to compare with what lies in the cache. */
  readonly keyring: Keyring | undefined
  /** Whether a marked test key may be written and wrong passwords tried. */
  readonly active: boolean
  /** Aborted when the time for this server is over, or the audit is ended. */
  readonly signal: AbortSignal
}

/** What a check came to. */
export interface CheckResult {
  /** What was found out, in words. */
  readonly facts?: readonly { readonly name: string; readonly value: string }[]
  readonly findings?: readonly Finding[]
  /** What could not be found out, and why. */
  readonly unknowns?: readonly string[]
  /** Whether nothing could be found out that a grade can rest on. */
  readonly isUnknown?: boolean
}

/** One part of the audit. */
export type Check = (context: CheckContext) => Promise<CheckResult>
