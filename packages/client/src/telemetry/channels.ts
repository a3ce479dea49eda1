import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel'
import type { Endpoint } from '@memkeep/core'

/** Every method of the client that asks a server something. */
export type Operation =
  | 'get'
  | 'gets'
  | 'getMany'
  | 'getAndTouch'
  | 'set'
  | 'add'
  | 'replace'
  | 'append'
  | 'prepend'
  | 'cas'
  | 'delete'
  | 'increment'
  | 'decrement'
  | 'touch'
  | 'flushAll'
  | 'stats'
  | 'version'

/**
 * How a command ended: with a value or without (reads), stored or not (writes), `ok` where there is nothing to
 * tell, `error` when its promise was rejected. A `getMany` is a hit when it found at least one key.
 */
export type Outcome =
  'hit' | 'miss' | 'stored' | 'not-stored' | 'exists' | 'not-found' | 'deleted' | 'ok' | 'error'

/**
 * What the tracing channel `memkeep:client:command` publishes, one object for all events of a request to one
 * server. `start` and `end` enclose the call, `asyncStart` and `asyncEnd` its result; `error` comes before them
 * when it failed. `outcome`, `duration` and `error` are there from the result on.
 */
export interface CommandMessage {
  readonly operation: Operation
  /** The server as the user wrote it: `host:port`, or the path of a Unix socket. */
  readonly server: string
  readonly endpoint: Endpoint
  /** How many keys the request is about: 0 for those about a server, more than 1 for `getMany` alone. */
  readonly keyCount: number
  /** Only with the client's option `telemetry: { keys: true }`. */
  readonly keys?: readonly string[]
  outcome?: Outcome
  /** Milliseconds from the call to its result, waiting included. */
  duration?: number
  error?: unknown
}

/** What `memkeep:client:connect` publishes, for every attempt: with `error` when it failed. */
export interface ConnectMessage {
  readonly server: string
  readonly endpoint: Endpoint
  /** The transport's name: `tcp`, `tls`. */
  readonly transport: string
  /** The protocol that the connection speaks; undefined when it failed. */
  readonly protocol: string | undefined
  /** Milliseconds, authentication included. */
  readonly duration: number
  readonly error?: unknown
}

/** What `memkeep:client:authenticate` publishes, for every attempt: with `error` when it failed. */
export interface AuthenticateMessage {
  readonly server: string
  readonly endpoint: Endpoint
  /** The authenticator's name: `sasl`, `ascii-auth`. */
  readonly authenticator: string
  /** Milliseconds. */
  readonly duration: number
  readonly error?: unknown
}

/** What `memkeep:client:disconnect` publishes, when an open connection ends. */
export interface DisconnectMessage {
  readonly server: string
  readonly endpoint: Endpoint
  /** Requests that were written and not answered. */
  readonly unanswered: number
  /** Why it ended; undefined when the client closed it, or the server without a word. */
  readonly error?: unknown
}

/** What `memkeep:client:eject` publishes when a server is taken out, and `memkeep:client:reinstate` when it is back. */
export interface EjectMessage {
  readonly server: string
  readonly endpoint: Endpoint
  /** Faults in a row; 0 with `reinstate`. */
  readonly faults: number
  /** The last of them. */
  readonly error?: unknown
}

/** What `memkeep:client:discovery` publishes after every question: the servers found, or an `error`. */
export interface DiscoveryMessage {
  readonly discovery: string
  /** The servers now known, as the user would write them. */
  readonly servers: readonly string[]
  readonly error?: unknown
}

/**
 * What became of a value that should be stored anew: `stored`; `superseded` when it was stored, deleted or ended
 * meanwhile; `unknown-ttl` where the server does not tell how long it has to live; `dropped` when too many waited;
 * `failed` with an error.
 */
export type RewrapOutcome = 'stored' | 'superseded' | 'unknown-ttl' | 'dropped' | 'failed'

/** What `memkeep:client:rewrap` publishes for every value that a middleware wants stored anew. */
export interface RewrapMessage {
  readonly outcome: RewrapOutcome
  /** Only with the client's option `telemetry: { keys: true }`. */
  readonly key?: string
  readonly error?: unknown
}

/** The `node:diagnostics_channel` names that the client publishes on. No message holds a value, a password or a key. */
export const CHANNEL_NAMES = {
  command: 'memkeep:client:command',
  connect: 'memkeep:client:connect',
  authenticate: 'memkeep:client:authenticate',
  disconnect: 'memkeep:client:disconnect',
  eject: 'memkeep:client:eject',
  reinstate: 'memkeep:client:reinstate',
  discovery: 'memkeep:client:discovery',
  rewrap: 'memkeep:client:rewrap',
} as const

/** The channels themselves. `command` is a TracingChannel, so its events are `tracing:memkeep:client:command:…`. */
export const channels: {
  readonly command: TracingChannel<CommandMessage, CommandMessage>
  readonly connect: Channel
  readonly authenticate: Channel
  readonly disconnect: Channel
  readonly eject: Channel
  readonly reinstate: Channel
  readonly discovery: Channel
  readonly rewrap: Channel
} = {
  command: tracingChannel<CommandMessage, CommandMessage>(CHANNEL_NAMES.command),
  connect: channel(CHANNEL_NAMES.connect),
  authenticate: channel(CHANNEL_NAMES.authenticate),
  disconnect: channel(CHANNEL_NAMES.disconnect),
  eject: channel(CHANNEL_NAMES.eject),
  reinstate: channel(CHANNEL_NAMES.reinstate),
  discovery: channel(CHANNEL_NAMES.discovery),
  rewrap: channel(CHANNEL_NAMES.rewrap),
}
