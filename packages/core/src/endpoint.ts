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
 * Reads one endpoint: `host`, `host:port`, `[::1]:11211`, `/path/memcached.sock`, or either after
 * `memcached://` or `memcacheds://` (TLS demanded).
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 */
export function parseEndpoint(text: string): Endpoint {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)
  if (scheme === null) return parseAddress(text, text)
  const name = scheme[1]?.toLowerCase()
  if (name !== 'memcached' && name !== 'memcacheds') {
    throw invalid(text, 'has an unknown scheme: use memcached:// or memcacheds://')
  }
  const rest = text.slice(scheme[0].length)
  const endpoint = parseAddress(rest.startsWith('/') ? rest : rest.replace(/\/$/, ''), text)
  return name === 'memcacheds' ? { ...endpoint, secure: true } : endpoint
}

/**
 * Reads a list of endpoints, in its order. A scheme holds for the rest of its list:
 * `memcacheds://cache1,cache2:11212` demands TLS of both.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT` for a bad entry, an empty list, or a server named twice
 */
export function parseEndpoints(input: EndpointInput): readonly Endpoint[] {
  const items: readonly (string | Endpoint)[] = isList(input) ? input : [input]
  const endpoints = items.flatMap((item) => (typeof item === 'string' ? parseList(item) : [checked(item)]))
  if (endpoints.length === 0) throw invalid('', 'names no server: write for example "127.0.0.1:11211"')
  const seen = new Set<string>()
  for (const endpoint of endpoints) {
    const name = formatEndpoint(endpoint)
    if (seen.has(name)) throw invalid(name, 'is named twice: name each server once')
    seen.add(name)
  }
  return endpoints
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

function parseList(text: string): Endpoint[] {
  let scheme = ''
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const own = /^[a-z][a-z0-9+.-]*:\/\//i.exec(part)
      if (own !== null) scheme = own[0]
      return parseEndpoint(own === null ? scheme + part : part)
    })
}

function parseAddress(address: string, text: string): Endpoint {
  if (address.includes('@')) {
    throw new MemkeepError(
      'ERR_MEMKEEP_INVALID_ENDPOINT',
      'The endpoint holds credentials (an "@"): take them out of the address and hand them to sasl() or asciiAuth().',
    )
  }
  if (address.startsWith('/')) {
    if (/[\s\0]/.test(address)) throw invalid(text, 'has a space or NUL in its path')
    return { path: address }
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(address)
  if (bracketed !== null) {
    const host = bracketed[1] ?? ''
    if (!isIPv6(host)) throw invalid(text, 'has no IPv6 address between its brackets')
    return { host, port: parsePort(bracketed[2], text) }
  }
  const [host = '', port, ...more] = address.split(':')
  if (more.length > 0)
    throw invalid(text, 'has more than one colon: write an IPv6 address in brackets, [::1]:11211')
  return checkedHost({ host, port: parsePort(port, text) }, text)
}

function parsePort(port: string | undefined, text: string): number {
  if (port === undefined) return DEFAULT_PORT
  if (!/^\d{1,5}$/.test(port)) throw invalid(text, 'has a port that is not a number from 1 to 65535')
  return checkedPort(Number(port), text)
}

function checkedPort(port: number, text: string): number {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw invalid(text, 'has a port that is not a number from 1 to 65535')
  }
  return port
}

function checkedHost(endpoint: TcpEndpoint, text: string): TcpEndpoint {
  const { host } = endpoint
  const dotted = /^[\d.]+$/.test(host)
  const name = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i
  if (dotted ? !isIPv4(host) : !name.test(host) && !isIPv6(host)) {
    throw invalid(text, 'has no valid host: use a DNS name, an IP address, or the path of a Unix socket')
  }
  return endpoint
}

function checked(endpoint: Endpoint): Endpoint {
  if ('path' in endpoint) {
    if (!endpoint.path.startsWith('/'))
      throw invalid(endpoint.path, 'is not an absolute path of a Unix socket')
    return endpoint
  }
  checkedPort(endpoint.port, endpoint.host)
  return checkedHost(endpoint, endpoint.host)
}

function invalid(text: string, what: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_ENDPOINT', `The endpoint ${JSON.stringify(text)} ${what}.`)
}
