import type { Hardening } from '@memkeep/client'
import { MemkeepError, parseEndpoint, type Endpoint } from '@memkeep/core'
import type { ClientOptions, ServerOptions } from 'memjs'

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

const SCHEME = /^memcacheds?:\/\//i

/**
 * Reads memjs's `[user:pass@]server1[:11211],[user:pass@]server2[:11211],…`; without one, what the environment names.
 * A `memcacheds://` before the user name, or the server, demands TLS of it and of the rest of the list.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 */
export function readServers(servers: string | undefined): readonly NamedServer[] {
  const { MEMCACHIER_SERVERS, MEMCACHE_SERVERS } = process.env
  // an empty one counts as none, as in memjs
  const text = [servers, MEMCACHIER_SERVERS, MEMCACHE_SERVERS].find(
    (each) => each !== undefined && each !== '',
  )
  const list = text ?? 'localhost:11211'
  let scheme = ''
  return list.split(',').map((each) => {
    const written = each.trim()
    const own = SCHEME.exec(written)?.[0]
    scheme = own ?? scheme
    const named = written.slice(own?.length ?? 0)
    const at = named.lastIndexOf('@')
    const endpoint = readEndpoint(scheme + named.slice(at + 1), list)
    if (at < 0) return { endpoint, username: undefined, password: undefined }
    const [username, ...rest] = named.slice(0, at).split(':')
    return { endpoint, username, password: rest.join(':') }
  })
}

/** What is no address may be a piece of a password with a comma, so it is not repeated. */
function readEndpoint(address: string, list: string): Endpoint {
  if (!list.includes('@')) return parseEndpoint(address)
  try {
    return parseEndpoint(address)
  } catch {
    throw new MemkeepError(
      'ERR_MEMKEEP_INVALID_ENDPOINT',
      'A server of the list cannot be read: write each as user:password@host:port, and hand in a password with a comma as the option "password", or to sasl().',
    )
  }
}
