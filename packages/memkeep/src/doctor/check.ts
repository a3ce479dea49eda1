import type { Endpoint } from '@memkeep/core'
import type { Keyring } from '@memkeep/encryption'
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
   * does.
   */
  ask(sent: string | Buffer, isWhole: (received: Buffer) => boolean): Promise<Reply>
  close(): void
}

/** What an audit knows of a server before its checks run, and how they reach it. */
export interface CheckContext {
  /** `host:port`, `[::1]:11211` or a path. */
  readonly server: string
  readonly endpoint: Endpoint
  /** What a stranger without a client certificate is answered in clear, over TLS: by a connection that speaks. */
  readonly speaks: { readonly plain: boolean; readonly tls: boolean }
  /**
   * The protocol in which the server answers a stranger's `version`; `none` where it answers neither, such as one
   * that demands a client certificate.
   */
  readonly strangerProtocol: 'text' | 'binary' | 'none'
  /** Connects as a stranger, over TLS where the server speaks it, with no certificate and taking any; undefined where no stranger gets in. */
  openAsStranger(): Promise<Conversation | undefined>
  /** Whether credentials, a certificate or the word of the user that none are needed were given. */
  readonly hasFriend: boolean
  /** Connects as a friend, authenticated; undefined where none was given or the server refuses, which is an unknown already. */
  openAsFriend(): Promise<Conversation | undefined>
  /** The protocol that the server speaks with a friend. */
  readonly friendProtocol: 'text' | 'binary'
  /** The keys to compare with what lies in the cache. */
  readonly keyring: Keyring | undefined
  /** Whether a marked test key may be written and wrong passwords tried. */
  readonly active: boolean
  readonly signal: AbortSignal
}

/** What a check came to. */
export interface CheckResult {
  /** What was found out, in words. */
  readonly facts?: readonly { readonly name: string; readonly value: string }[]
  readonly findings?: readonly Finding[]
  /** What could not be found out, and why. */
  readonly unknowns?: readonly string[]
}

/** One part of the audit. */
export type Check = (context: CheckContext) => Promise<CheckResult>
