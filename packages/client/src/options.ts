import {
  parseEndpoints,
  tcp,
  type Authenticator,
  type EndpointInput,
  type Middleware,
  type Transport,
} from '@memkeep/core'
import { assertOptions } from '@memkeep/core/internal'
import type { ServerOptions } from './server.ts'

/** The layers of a hardened client, the same for every adapter. */
export interface Hardening {
  /** How bytes reach the server. Default `tcp()`, which protects nothing. */
  readonly transport?: Transport
  /** How the server learns who we are. Default: not at all. */
  readonly auth?: Authenticator
  /** What happens to keys and values on the way, first to last. */
  readonly middleware?: readonly Middleware[]
}

/** Options of `MemcachedClient`. */
export interface MemcachedClientOptions extends Hardening {
  /** Where memcached listens. This version takes one server. */
  readonly servers: EndpointInput
  /** Milliseconds for connecting and authenticating together. Default 5,000. */
  readonly connectTimeout?: number
  /** Milliseconds that a reply may take. Default 5,000. */
  readonly timeout?: number
}

const KNOWN = ['servers', 'transport', 'auth', 'middleware', 'connectTimeout', 'timeout']
/** The longest delay of a Node timer, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1

/**
 * Checks the options and fills in what is left out.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 * @throws TypeError or RangeError naming the option
 */
export function readServerOptions(options: MemcachedClientOptions): ServerOptions {
  assertOptions('MemcachedClient', options, KNOWN)
  const [endpoint, ...others] = parseEndpoints(options.servers)
  if (endpoint === undefined || others.length > 0) {
    throw new RangeError('MemcachedClient: "servers" takes one server in this version')
  }
  return {
    endpoint,
    transport: options.transport ?? tcp(),
    auth: options.auth,
    connectTimeout: milliseconds('connectTimeout', options.connectTimeout),
    timeout: milliseconds('timeout', options.timeout),
  }
}

function milliseconds(name: string, value = 5_000): number {
  if (!Number.isInteger(value) || value < 1 || value > MAX_TIMEOUT) {
    throw new RangeError(
      `MemcachedClient: "${name}" must be a whole number of milliseconds from 1 on, not ${String(value)}`,
    )
  }
  return value
}
