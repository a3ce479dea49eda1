import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { MemkeepError } from './errors.ts'

/** memcached's port when none is written. */
export const DEFAULT_PORT = 11211

/** A server reached over TCP. An IPv6 `host` is written without brackets. */
export interface TcpEndpoint {
  readonly host: string
  readonly port: number
  /** Set by `memcacheds://`: opened only over a confidential transport. */
  readonly secure?: boolean
}

/** A server reached over a Unix socket. */
export interface UnixEndpoint {
  readonly path: string
  /** Set by `memcacheds://`: opened only over a confidential transport. */
  readonly secure?: boolean
}

/** Where one memcached server listens. */
export type Endpoint = TcpEndpoint | UnixEndpoint

/** What people may write for their servers: text (one, or a list with commas or spaces), objects, or an array of both. */
export type EndpointInput = string | Endpoint | readonly (string | Endpoint)[]

/**
 * Reads one endpoint: `host`, `host:port`, `[::1]:11211`, `/path/memcached.sock`, `unix:/path/memcached.sock`, or
 * any of them after `memcached://` or `memcacheds://` (TLS demanded). No error repeats what was written, which may
 * be a password.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 */
export function parseEndpoint(text: string): Endpoint {
  refuseCredentials([text])
  return parseOne(text, 'The endpoint')
}

/**
 * Reads a list of endpoints, in its order: text with commas or white space in between, which may also lead and
 * trail, objects, or an array of both. A scheme holds for the rest of its text: `memcacheds://cache1,cache2:11212`
 * demands TLS of both.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT` for a bad entry, an empty list, or a server named twice
 */
export function parseEndpoints(input: EndpointInput): readonly Endpoint[] {
  const given: readonly (string | Endpoint)[] = isList(input) ? input : [input]
  // before the text is split: a password may hold a comma or a space
  refuseCredentials(given)
  const items = given.flatMap<string | Endpoint>((item) =>
    typeof item === 'string' ? splitServers(item) : [item],
  )
  if (items.length === 0) {
    throw invalid('The list of endpoints', 'names no server: write for example "127.0.0.1:11211"')
  }
  const seen = new Set<string>()
  return items.map((item, index) => {
    const where =
      items.length === 1 ? 'The endpoint' : `Endpoint ${String(index + 1)} of ${String(items.length)}`
    const endpoint = typeof item === 'string' ? parseOne(item, where) : checked(item, where)
    const name = formatEndpoint(endpoint)
    if (seen.has(name)) throw invalid(where, 'is named twice: name each server once')
    seen.add(name)
    return endpoint
  })
}

/** Splits a list as {@link parseEndpoints} does; each part has the scheme that holds for it. */
export function splitServers(text: string): readonly string[] {
  let scheme = ''
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const own = SCHEME.exec(part)
      if (own === null || own[1]?.toLowerCase() === 'unix') return scheme + part
      scheme = own[0]
      return part
    })
}

/** The endpoint as people write it: `host:port`, `[::1]:11211` or a path. */
export function formatEndpoint(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path
  const host = isIPv6(endpoint.host) ? `[${endpoint.host}]` : endpoint.host
  return `${host}:${String(endpoint.port)}`
}

/** Whether an address or host name never leaves this machine: 127.0.0.0/8, ::1, `localhost` (RFC 6761, section 6.3). */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host)
  if (family !== 0) return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6')
  return /^(.+\.)?localhost\.?$/i.test(host)
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const UNIX = /^unix:(?:\/\/(?=\/)|(?=\/(?!\/)))/i
const LOOPBACK: BlockList = loopback()

function loopback(): BlockList {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addAddress('::1', 'ipv6')
  return list
}

function isList(input: EndpointInput): input is readonly (string | Endpoint)[] {
  return Array.isArray(input)
}

function refuseCredentials(items: readonly unknown[]): void {
  if (!items.some((item) => typeof item === 'string' && item.includes('@'))) return
  throw new MemkeepError(
    'ERR_MEMKEEP_INVALID_ENDPOINT',
    'The endpoint holds credentials (an "@"): take them out of the address and pass them to sasl() or asciiAuth().',
  )
}

function parseOne(text: string, where: string): Endpoint {
  const local = UNIX.exec(text)
  const scheme = local === null ? SCHEME.exec(text) : null
  const name = scheme?.[1]?.toLowerCase()
  if (name !== undefined && name !== 'memcached' && name !== 'memcacheds') {
    throw invalid(where, 'has an unknown scheme: use memcached:// or memcacheds://')
  }
  const rest = text.slice((local ?? scheme)?.[0].length ?? 0).replace(UNIX, '')
  const address = scheme === null || rest.startsWith('/') ? rest : rest.replace(/\/$/, '')
  const endpoint = parseAddress(address, where)
  return name === 'memcacheds' ? { ...endpoint, secure: true } : endpoint
}

function parseAddress(address: string, where: string): Endpoint {
  if (address.startsWith('/')) return checkedPath({ path: address }, where)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(address)
  if (bracketed !== null) {
    const host = bracketed[1] ?? ''
    if (!isIPv6(host)) throw invalid(where, 'has no IPv6 address between its brackets')
    return { host, port: parsePort(bracketed[2], where) }
  }
  const [host = '', port, ...more] = address.split(':')
  if (more.length > 0) {
    throw invalid(where, 'has more than one colon: write an IPv6 address in brackets, [::1]:11211')
  }
  return checkedHost({ host, port: parsePort(port, where) }, where)
}

function parsePort(port: string | undefined, where: string): number {
  if (port === undefined) return DEFAULT_PORT
  if (!/^\d{1,5}$/.test(port)) throw invalid(where, 'has a port that is not a number from 1 to 65535')
  return checkedPort(Number(port), where)
}

function checkedPort(port: number, where: string): number {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw invalid(where, 'has a port that is not a number from 1 to 65535')
  }
  return port
}

function checkedHost(endpoint: TcpEndpoint, where: string): TcpEndpoint {
  const { host } = endpoint
  const dotted = /^[\d.]+$/.test(host)
  const name = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i
  if (dotted ? !isIPv4(host) : !name.test(host) && !isIPv6(host)) {
    throw invalid(where, 'has no valid host: use a DNS name, an IP address, or the path of a Unix socket')
  }
  return endpoint
}

function checkedPath(endpoint: UnixEndpoint, where: string): UnixEndpoint {
  if (!endpoint.path.startsWith('/')) throw invalid(where, 'is not an absolute path of a Unix socket')
  if (/[\s\p{Cc}\p{Cf}]/u.test(endpoint.path)) {
    throw invalid(where, 'has white space or a control character in its path')
  }
  return endpoint
}

function checked(endpoint: Endpoint, where: string): Endpoint {
  const written: unknown = endpoint
  const given = (written ?? {}) as { readonly host?: unknown; readonly path?: unknown }
  if (typeof given.path === 'string') return checkedPath(endpoint as UnixEndpoint, where)
  if (given.path !== undefined || typeof given.host !== 'string') {
    throw invalid(where, 'must be text, { host, port } or { path }: write for example "127.0.0.1:11211"')
  }
  const { port } = endpoint as TcpEndpoint
  checkedPort(port, where)
  return checkedHost(endpoint as TcpEndpoint, where)
}

function invalid(where: string, what: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_ENDPOINT', `${where} ${what}.`)
}
