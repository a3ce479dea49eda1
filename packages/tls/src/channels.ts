import { channel, type Channel } from 'node:diagnostics_channel'
import type { Endpoint, MemkeepError } from '@memkeep/core'
import type { CertificateDescription } from './certificate.ts'

/** What `memkeep:tls:handshake` publishes, for every attempt over an open connection: with `error` when it failed. */
export interface HandshakeMessage {
  /** The server as the user wrote it. */
  readonly server: string
  readonly endpoint: Endpoint
  /** Milliseconds. */
  readonly duration: number
  /** `TLSv1.2`, `TLSv1.3`; undefined when it failed. */
  readonly protocol: string | undefined
  /** The cipher suite by its standard name; undefined when it failed. */
  readonly cipher: string | undefined
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean
  readonly error?: unknown
}

/** What `memkeep:tls:reload` publishes when certificates were loaded again, or, with `error`, could not be. */
export interface ReloadMessage {
  /** Our own certificate that is used from now on. */
  readonly certificate: CertificateDescription | undefined
  /** Why the files were not taken; what was loaded before stays in use. */
  readonly error?: MemkeepError | RangeError
}

/** What `memkeep:tls:expiry` publishes of a certificate that ends soon, or has ended: once a day while it is in use. */
export interface ExpiryMessage {
  /** Whose certificate it is: `own`, or that of a server. */
  readonly owner: 'own' | 'server'
  /** The server as the user wrote it; undefined for our own. */
  readonly server: string | undefined
  readonly certificate: CertificateDescription
  /** Days until its end; less than 0 afterwards. */
  readonly daysLeft: number
}

/** The `node:diagnostics_channel` names that the transport publishes on. No message holds a key or a passphrase. */
export const CHANNEL_NAMES = {
  handshake: 'memkeep:tls:handshake',
  reload: 'memkeep:tls:reload',
  expiry: 'memkeep:tls:expiry',
} as const

/** The channels themselves. */
export const channels: {
  readonly handshake: Channel
  readonly reload: Channel
  readonly expiry: Channel
} = {
  handshake: channel(CHANNEL_NAMES.handshake),
  reload: channel(CHANNEL_NAMES.reload),
  expiry: channel(CHANNEL_NAMES.expiry),
}
