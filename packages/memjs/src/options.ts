import type { Hardening } from '@memkeep/client'
import { MemkeepError, parseEndpoints, type Endpoint, type EndpointInput } from '@memkeep/core'
import { checkHardening, ownProperties, splitServers } from '@memkeep/core/internal'
import type { ClientOptions, Serializer, ServerOptions } from 'memjs'
import { assertExpires } from './expires.ts'

/** Options of `HardenedMemjsClient`: those of memjs, and the layers. */
export interface HardenedMemjsOptions<TIn, TOut> extends ClientOptions<TIn, TOut>, ServerOptions, Hardening {
  /** Whether memjs's own `username` and `password` may cross a network readable. Default false. */
  readonly allowInsecureAuth?: boolean | undefined
}

/** A server as memjs's string names it. */
export interface NamedServer {
  readonly endpoint: Endpoint
  readonly username: string | undefined
  readonly password: string | undefined
}

const OWNER = 'HardenedMemjsClient'
const EXAMPLE = "HardenedMemjsClient.create('cache1:11211', { transport: tls({ ca }) })"

/**
 * A copy of the options that inherits nothing.
 *
 * @throws TypeError for layers or a serializer that are none; RangeError for an expiry that is none
 */
export function checkOptions<TIn, TOut>(
  given: HardenedMemjsOptions<TIn, TOut>,
): HardenedMemjsOptions<TIn, TOut> {
  const options = ownProperties(OWNER, given, EXAMPLE)
  checkHardening(OWNER, options, ['username', 'password'])
  assertExpires(`${OWNER}: "expires"`, options.expires)
  const { serializer } = options as { readonly serializer?: Partial<Serializer<TIn, TOut>> }
  const isSerializer =
    typeof serializer?.serialize === 'function' && typeof serializer.deserialize === 'function'
  if (serializer !== undefined && !isSerializer) {
    throw new TypeError(`${OWNER}: "serializer" must be an object with serialize and deserialize`)
  }
  return options
}

const SCHEME = /^memcacheds?:\/\//i

/**
 * Reads memjs's `[user:pass@]server1[:11211],[user:pass@]server2[:11211],…`, or endpoints as every adapter of Memkeep
 * takes them; without any, what the environment names. A `memcacheds://` before the user name, or the server, demands
 * TLS of it and of the rest of the list.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 */
export function readServers(servers: EndpointInput | undefined): readonly NamedServer[] {
  const { MEMCACHIER_SERVERS, MEMCACHE_SERVERS } = process.env
  // an empty one counts as none, as in memjs
  const given = [servers, MEMCACHIER_SERVERS, MEMCACHE_SERVERS].find((each) => (each ?? '') !== '')
  if (typeof given === 'object' && ('server' in given || 'servers' in given)) {
    throw new TypeError(`${OWNER}: pass the servers first, and the options after them: ${EXAMPLE}`)
  }
  const items = [given ?? 'localhost:11211'].flat() as readonly (string | Endpoint)[]
  const written = items.flatMap<string | Endpoint>((item) =>
    typeof item === 'string' ? splitServers(item) : [item],
  )
  const named = written.map((each): Written =>
    typeof each === 'string' ? takeUserinfo(each) : { address: each },
  )
  const endpoints = readEndpoints(named.map(({ address }) => address))
  return endpoints.map((endpoint, index) => ({
    endpoint,
    username: named[index]?.username,
    password: named[index]?.password,
  }))
}

interface Written {
  readonly address: string | Endpoint
  readonly username?: string
  readonly password?: string
}

function takeUserinfo(written: string): Written {
  const scheme = SCHEME.exec(written)?.[0] ?? ''
  const at = written.lastIndexOf('@')
  if (at < 0) return { address: written }
  const [username = '', ...password] = written.slice(scheme.length, at).split(':')
  return { address: scheme + written.slice(at + 1), username, password: password.join(':') }
}

/** What is not an address may be a part of a password with a comma or a space. */
function readEndpoints(addresses: readonly (string | Endpoint)[]): readonly Endpoint[] {
  try {
    return parseEndpoints(addresses)
  } catch (error) {
    if (!(error instanceof MemkeepError)) throw error
    throw new MemkeepError(
      error.code,
      `${error.message} Write each server as user:password@host:port, and pass a password with a comma or a space as the option "password", or to sasl().`,
    )
  }
}
