import {
  parseEndpoints,
  tcp,
  type Authenticator,
  type Endpoint,
  type Middleware,
  type Transport,
} from '@memkeep/core'
import {
  checkHardening,
  describeInput,
  ownProperties,
  readOwnOptions,
  splitServers,
} from '@memkeep/core/internal'
import type { ClusterOptions, Member } from './cluster.ts'
import { checkDiscovery } from './discovery/check-discovery.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { ProtocolChoice } from './server/negotiate.ts'

/** The layers of a hardened client, the same for every adapter. */
export interface Hardening {
  /** How bytes reach the server. Default `tcp()`, which protects nothing. */
  readonly transport?: Transport
  /** How the server learns who we are. Default: not at all. */
  readonly auth?: Authenticator
  /** What happens to keys and values on the way, first to last. */
  readonly middleware?: readonly Middleware[]
}

/** A server with its share of the keys. */
export type WeightedEndpoint = Endpoint & {
  /** Whole number from 1 on, beside the weights of the others. Default 1. */
  readonly weight?: number
}

/** What people may write for their servers: text (one, or a list with commas or spaces), objects, or an array of both. */
export type ServersInput = string | WeightedEndpoint | readonly (string | WeightedEndpoint)[]

/** What a client does with the keys of a server that cannot be reached. */
export type OnServerDown = 'error' | 'miss' | 'rehash'

/** Options of `MemcachedClient`. */
export interface MemcachedClientOptions extends Hardening {
  /** Where memcached listens; with `discovery`, whom to ask. */
  readonly servers: ServersInput
  /** Finds out which servers there are, again and again. Default: those in `servers`. */
  readonly discovery?: Discovery
  /** How keys are shared out among servers. Default `ketama`, as libmemcached's weighted one. */
  readonly distribution?: 'ketama' | 'modulo'
  /** What becomes of the keys of a server that is down. Default `error`. */
  readonly onServerDown?: OnServerDown
  /** Connections in a row that fail or are lost before a server is ejected. Default 3. */
  readonly ejectAfter?: number
  /** Milliseconds that an ejected server is left alone at least. Default 500. */
  readonly ejectPause?: number
  /** Default `auto`: binary with SASL, else meta where the server knows it, else classic text. */
  readonly protocol?: ProtocolChoice
  /** Connections to each server at most. Default 1. */
  readonly connections?: number
  /** Commands in flight on one connection from which on further ones wait. Default 10,000. */
  readonly maxInFlight?: number
  /** Bytes of commands in flight on one connection from which on further ones wait. Default 64 MiB. */
  readonly maxInFlightBytes?: number
  /** Requests to one server that may wait. Default 100,000. */
  readonly maxWaiting?: number
  /** Bytes of keys and values that may wait for one server. Default 256 MiB. */
  readonly maxWaitingBytes?: number
  /** What happens to a request that finds every connection full. Default `wait`. */
  readonly overload?: 'wait' | 'reject'
  /**
   * Milliseconds without a request after which a connection is closed, so that a proxy or firewall does not cut it
   * first; the next call opens another. Default 0: never.
   */
  readonly idleTimeout?: number
  /**
   * Milliseconds after which a connection is replaced without loss, so that a name that moved, or a balancer, is
   * followed; each at a time of its own between 80 % of that and all of it. Default 0: never.
   */
  readonly maxConnectionAge?: number
  /** Milliseconds for connecting and authenticating together. Default: `timeout`, but from 1,000 to 5,000. */
  readonly connectTimeout?: number
  /** Milliseconds from a call to its result. Default 5,000. */
  readonly timeout?: number
  /** Milliseconds that `close` waits for replies. Default 5,000. */
  readonly closeTimeout?: number
  /** Milliseconds that the first pause between two attempts to connect lasts at most. Default 50. */
  readonly reconnectMinDelay?: number
  /** Milliseconds that any such pause lasts at most. Default 500. */
  readonly reconnectMaxDelay?: number
  /** How often a read is asked again after its connection was lost. Default 0. */
  readonly retries?: number
  /** Time to live in whole seconds of what is stored without one. Default 0: until memcached needs the room. */
  readonly ttl?: number
  /** Put before every key, with a colon. Default: nothing. */
  readonly namespace?: string
  /**
   * The longest value, in bytes as it is stored, that is sent or read: a longer one is `ERR_MEMKEEP_VALUE_TOO_LARGE`,
   * and takes no memory when it comes. Default: what the server takes.
   */
  readonly maxValueBytes?: number
  /** What diagnostics may hold beside operations and servers. Default: no keys. */
  readonly telemetry?: { readonly keys?: boolean }
}

/** The options of a client itself, complete. */
export interface ClientSettings {
  readonly onServerDown: OnServerDown
  readonly timeout: number
  readonly closeTimeout: number
  readonly retries: number
  readonly ttl: number
  /** What stands before every key. */
  readonly prefix: string
  readonly maxValueBytes: number
  readonly traceKeys: boolean
  readonly middleware: readonly Middleware[]
}

const KNOWN = [
  ...['servers', 'discovery', 'distribution', 'onServerDown', 'ejectAfter', 'ejectPause'],
  ...['transport', 'auth', 'middleware', 'protocol'],
  ...['connections', 'maxInFlight', 'maxInFlightBytes', 'maxWaiting', 'maxWaitingBytes', 'overload'],
  ...[
    'idleTimeout',
    'maxConnectionAge',
    'connectTimeout',
    'timeout',
    'closeTimeout',
    'reconnectMinDelay',
    'reconnectMaxDelay',
    'retries',
  ],
  ...['ttl', 'namespace', 'maxValueBytes', 'telemetry'],
] as const satisfies readonly (keyof MemcachedClientOptions)[]

const EXAMPLE = "new MemcachedClient({ servers: 'cache1:11211' })"

/** The longest delay of a Node timer, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1
const MIB = 1024 ** 2

/**
 * Checks the options and fills in what is left out.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 * @throws TypeError or RangeError naming the option
 */
export function readOptions(given: MemcachedClientOptions): {
  readonly settings: ClientSettings
  readonly cluster: ClusterOptions
} {
  const options = ownProperties('MemcachedClient', given, EXAMPLE)
  checkHardening('MemcachedClient', options)
  readOwnOptions('MemcachedClient', options, KNOWN)
  if (((options as { servers?: unknown }).servers ?? undefined) === undefined) {
    throw new TypeError(`MemcachedClient: "servers" is missing: write ${EXAMPLE}`)
  }
  const { namespace = '', auth } = options
  const telemetry = readOwnOptions('MemcachedClient: "telemetry"', options.telemetry ?? {}, ['keys'])
  const protocol = choice('protocol', options.protocol, ['auto', 'meta', 'text', 'binary'])
  if (auth !== undefined && protocol !== 'auto' && (protocol === 'binary') !== (auth.protocol === 'binary')) {
    throw new TypeError(
      `MemcachedClient: protocol: '${protocol}' cannot be spoken after ${auth.name}, which speaks ${auth.protocol}: leave "protocol" out`,
    )
  }
  if (typeof namespace !== 'string') throw new TypeError('MemcachedClient: "namespace" must be a string')
  const onServerDown = choice('onServerDown', options.onServerDown, ['error', 'miss', 'rehash'])
  const timeout = milliseconds('timeout', options.timeout, 5_000)
  const maxValueBytes =
    options.maxValueBytes === undefined ? Infinity : count('maxValueBytes', options.maxValueBytes, 1)
  return {
    settings: {
      onServerDown,
      timeout,
      closeTimeout: milliseconds('closeTimeout', options.closeTimeout, 5_000),
      retries: integer('retries', options.retries, 0, 0, 100),
      ttl: integer('ttl', options.ttl, 0, 0),
      prefix: namespace === '' ? '' : `${namespace}:`,
      maxValueBytes,
      traceKeys: telemetry.keys === true,
      middleware: options.middleware ?? [],
    },
    cluster: {
      members: readMembers(options.servers),
      discovery: checkDiscovery(options.discovery, auth),
      distribution: choice('distribution', options.distribution, ['ketama', 'modulo']),
      rehash: onServerDown === 'rehash',
      server: {
        transport: options.transport ?? tcp(),
        auth,
        protocol,
        timeout,
        connectTimeout: milliseconds(
          'connectTimeout',
          options.connectTimeout,
          defaultConnectTimeout(timeout),
        ),
        maxConnectionAge: integer('maxConnectionAge', options.maxConnectionAge, 0, 0, MAX_TIMEOUT),
        idleTimeout: integer('idleTimeout', options.idleTimeout, 0, 0, MAX_TIMEOUT),
        connections: integer('connections', options.connections, 1, 1, 1_000),
        maxValueBytes,
        maxInFlight: count('maxInFlight', options.maxInFlight, 10_000),
        maxInFlightBytes: count('maxInFlightBytes', options.maxInFlightBytes, 64 * MIB),
        maxWaiting: count('maxWaiting', options.maxWaiting, 100_000),
        maxWaitingBytes: count('maxWaitingBytes', options.maxWaitingBytes, 256 * MIB),
        overload: choice('overload', options.overload, ['wait', 'reject']),
        reconnectMinDelay: milliseconds('reconnectMinDelay', options.reconnectMinDelay, 50),
        reconnectMaxDelay: milliseconds('reconnectMaxDelay', options.reconnectMaxDelay, 500),
        ejectAfter: count('ejectAfter', options.ejectAfter, 3),
        ejectPause: milliseconds('ejectPause', options.ejectPause, 500),
      },
    },
  }
}

/** Connecting takes no longer than calls wait, within reason: a handshake takes its time on a busy machine. */
function defaultConnectTimeout(timeout: number): number {
  return Math.min(5_000, Math.max(1_000, timeout))
}

/**
 * Reads what people write for their servers.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 * @throws RangeError for a weight that is no whole number from 1 on
 */
export function readMembers(input: ServersInput): readonly Member[] {
  const items: readonly (string | WeightedEndpoint)[] = isList(input) ? input : [input]
  const endpoints = parseEndpoints(items)
  // one for each endpoint, in the same order
  const entries = items.flatMap<string | WeightedEndpoint>((item) =>
    typeof item === 'string' ? splitServers(item) : [item],
  )
  return endpoints.map((endpoint, index) => {
    const entry = entries[index]
    const weight = typeof entry === 'object' && Object.hasOwn(entry, 'weight') ? entry.weight : undefined
    return { endpoint, weight: integer('weight', weight, 1, 1, 2 ** 32 - 1) }
  })
}

function isList(input: ServersInput): input is readonly (string | WeightedEndpoint)[] {
  return Array.isArray(input)
}

function choice<Name extends string>(
  option: string,
  value: Name | undefined,
  names: readonly [Name, ...Name[]],
): Name {
  if (value === undefined) return names[0]
  if (!names.includes(value)) {
    throw new TypeError(
      `MemcachedClient: "${option}" must be one of ${names.join(', ')}, not ${describeInput(value)}`,
    )
  }
  return value
}

function milliseconds(option: string, value: number | undefined, fallback: number): number {
  return integer(option, value, fallback, 1, MAX_TIMEOUT)
}

function count(option: string, value: number | undefined, fallback: number): number {
  return integer(option, value, fallback, 1)
}

function integer(
  option: string,
  value: number | undefined,
  fallback: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return fallback
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `MemcachedClient: "${option}" must be a whole number from ${String(least)} to ${String(most)}, not ${describeInput(value)}`,
    )
  }
  return value
}
