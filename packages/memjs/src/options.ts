import type { Hardening } from '@memkeep/client'
import { parseEndpoint, type Endpoint } from '@memkeep/core'
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

/**
 * Reads memjs's `[user:pass@]server1[:11211],[user:pass@]server2[:11211],…`; without one, what the environment names.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 */
export function readServers(servers: string | undefined): readonly NamedServer[] {
  const { MEMCACHIER_SERVERS, MEMCACHE_SERVERS } = process.env
  // an empty one counts as none, as in memjs
  const text = [servers, MEMCACHIER_SERVERS, MEMCACHE_SERVERS].find(
    (each) => each !== undefined && each !== '',
  )
  return (text ?? 'localhost:11211').split(',').map((each) => {
    const at = each.lastIndexOf('@')
    const endpoint = parseEndpoint(each.slice(at + 1).trim())
    if (at < 0) return { endpoint, username: undefined, password: undefined }
    const [username, ...rest] = each.slice(0, at).trim().split(':')
    return { endpoint, username, password: rest.join(':') }
  })
}
