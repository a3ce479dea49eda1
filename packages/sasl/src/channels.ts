import { channel, type Channel } from 'node:diagnostics_channel'
import type { Endpoint } from '@memkeep/core'

/** What `memkeep:sasl:refused` publishes when a server refused credentials. */
export interface RefusedMessage {
  /** `sasl` or `ascii-auth`. */
  readonly authenticator: string
  /** The server as the user wrote it. */
  readonly server: string
  readonly endpoint: Endpoint
  /** Which credentials these were: 1 for the first, one more for every change. */
  readonly version: number
  /** Milliseconds until the same are tried there again. */
  readonly pause: number
  readonly error: Error
}

/** What `memkeep:sasl:refresh` publishes when credentials were read or fetched again, or, with `error`, could not be. */
export interface RefreshMessage {
  /** `sasl` or `ascii-auth`. */
  readonly authenticator: string
  /** Whether they are others than before. */
  readonly changed: boolean
  readonly error?: unknown
}

/** The `node:diagnostics_channel` names that authenticators publish on. No message holds a name or a password. */
export const CHANNEL_NAMES = { refused: 'memkeep:sasl:refused', refresh: 'memkeep:sasl:refresh' } as const

/** The channels themselves. */
export const channels: { readonly refused: Channel; readonly refresh: Channel } = {
  refused: channel(CHANNEL_NAMES.refused),
  refresh: channel(CHANNEL_NAMES.refresh),
}
