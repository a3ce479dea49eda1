import type { Hardening } from '@memkeep/client'
import { formatEndpoint, parseEndpoints, type Endpoint, type EndpointInput } from '@memkeep/core'
import { checkHardening, describeInput, ownProperties, splitServers } from '@memkeep/core/internal'
import type { MemcacheClientOptions, MultipleServerEntry, SingleServerEntry } from 'memcache-client'
import { exptimeOf } from './command-line.ts'

/** Servers as memcache-client takes them, or as every adapter of Memkeep does. */
export type ServerInput = MemcacheClientOptions['server'] | EndpointInput

/** Options of `HardenedMemcacheClient`: those of memcache-client but its `tls`, and the layers. */
export interface HardenedMemcacheClientOptions
  extends Omit<MemcacheClientOptions, 'tls' | 'server'>, Hardening {
  /**
   * Where memcached listens: one server, as every adapter of Memkeep takes it, or the original's entries. Several, in
   * `{ servers: […] }`, are proxies of one cache: each command goes to any of them.
   */
  readonly server: ServerInput
  /** Whether `send`, `xsend` and `cmd` may send text past a middleware that changes keys or values. Default false. */
  readonly dangerouslyAllowRawCommands?: boolean | undefined
}

const OWNER = 'HardenedMemcacheClient'
const EXAMPLE = "new HardenedMemcacheClient({ server: 'cache1:11211' })"

/**
 * A copy of the options that inherits nothing.
 *
 * @throws TypeError for layers that are none, and the original's way to TLS, which verifies what it is told to, and hangs
 * on older servers; RangeError for a time that is none
 */
export function checkOptions(given: HardenedMemcacheClientOptions): HardenedMemcacheClientOptions {
  const options = ownProperties(OWNER, given, EXAMPLE)
  checkHardening(OWNER, options)
  if (options.lifetime !== undefined) exptimeOf(`${OWNER}: "lifetime"`, options.lifetime)
  for (const name of ['cmdTimeout', 'connectTimeout'] as const) {
    const value: unknown = options[name]
    // the original takes 0 for its own default, and for none
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue
    throw new RangeError(`${OWNER}: "${name}" must be a number of milliseconds, not ${describeInput(value)}`)
  }
  return options
}

/**
 * The servers in the original's own form, each address as `parseEndpoint` reads it.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`
 * @throws TypeError for several servers that are not in `{ servers: […] }`
 */
export function readServer(input: ServerInput): MemcacheClientOptions['server'] {
  if (((input as unknown) ?? undefined) === undefined) {
    throw new TypeError(`${OWNER}: "server" is missing: write ${EXAMPLE}`)
  }
  if (typeof input !== 'object' || Array.isArray(input) || 'host' in input || 'path' in input) {
    return asOne(input as EndpointInput)
  }
  const { server, servers, ...config } = input as Partial<SingleServerEntry & MultipleServerEntry>
  // its ServerDefinition: entries one level down, next to its configuration
  if (typeof server === 'object' && ('server' in server || 'servers' in server)) {
    return { ...config, ...(readServer(server) as object) } as MemcacheClientOptions['server']
  }
  if (server !== undefined) return { ...asOne(server), ...config }
  return { ...config, servers: readEntries([servers ?? []].flat()) }
}

/** The original's default, which it demands of each of several entries. */
const MAX_CONNECTIONS = 1

type Entry = SingleServerEntry | string | Endpoint

function readEntries(entries: readonly Entry[]): SingleServerEntry[] {
  const read = entries.flatMap((entry) => {
    // a text of none is none of several
    if (typeof entry === 'string') return splitServers(entry).flatMap((each) => entriesOf(each))
    if (!('server' in entry)) return entriesOf(entry)
    const { server, ...rest } = entry
    return entriesOf(server).map((each) => ({ ...each, ...rest }))
  })
  // an empty list, and a server named twice, are refused as everywhere
  parseEndpoints(read.map(({ server }) => server))
  return read
}

/** @throws TypeError for several servers, of which memcache-client asks any for any key */
function asOne(input: EndpointInput): SingleServerEntry {
  const [first, ...others] = entriesOf(input)
  if (first === undefined) throw new RangeError('There is no server')
  if (others.length === 0) return first
  throw new TypeError(
    'HardenedMemcacheClient: memcache-client sends each command to any one of several servers, so a key stored on one is missing or stale on the others. Pass one server; for several with keys of their own use MemcachedClient; for proxies of one cache write server: { servers: […] }',
  )
}

function entriesOf(input: EndpointInput): SingleServerEntry[] {
  return parseEndpoints(input).map((endpoint) => ({
    server: textOf(endpoint),
    maxConnections: MAX_CONNECTIONS,
  }))
}

function textOf(endpoint: Endpoint): string {
  const address = formatEndpoint(endpoint)
  return endpoint.secure === true ? `memcacheds://${address}` : address
}
