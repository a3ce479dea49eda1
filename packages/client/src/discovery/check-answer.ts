import { MemkeepError, parseEndpoints, type TcpEndpoint } from '@memkeep/core'
import type { Discovery } from './discovery.ts'

/** The most servers of an answer, unless the discovery sets another limit. */
const MAX_SERVERS = 1_000
/** The largest weight, as libmemcached holds it in 32 bits. */
const MAX_WEIGHT = 2 ** 32 - 1

/** A server of a checked answer. */
export interface DiscoveredMember {
  readonly endpoint: TcpEndpoint
  readonly weight: number
}

/** A checked answer: what it holds is read once, so that it cannot change afterwards. */
export interface CheckedAnswer {
  readonly version: number
  readonly members: readonly DiscoveredMember[]
}

/**
 * Checks an answer as a whole: one bad server and none of it is used, since a ring without that server would place
 * keys where no other client looks for them.
 *
 * @throws MemkeepError `ERR_MEMKEEP_DISCOVERY_FAILED`
 */
export function checkAnswer(answer: unknown, discovery: Discovery): CheckedAnswer {
  const { name, maxServers = MAX_SERVERS } = discovery
  const { version, servers } = (answer ?? {}) as { readonly version?: unknown; readonly servers?: unknown }
  if (!isCount(version))
    throw refused(name, 'its version is not a whole number, at least 0', 'correct the discovery')
  if (!Array.isArray(servers) || servers.length === 0)
    throw refused(name, 'it names no server', 'check the cluster')
  if (servers.length > maxServers) {
    throw refused(
      name,
      `it names ${String(servers.length)} servers, more than the ${String(maxServers)} that "maxServers" allows`,
      'check who answers, or raise "maxServers"',
    )
  }
  const members = Array.from(servers as readonly unknown[], (server) => readServer(server, name))
  try {
    parseEndpoints(members.map(({ endpoint }) => endpoint))
  } catch (cause) {
    throw refused(name, 'it names an invalid server, or one twice', 'check who answers', cause)
  }
  return { version, members }
}

function readServer(server: unknown, name: string): DiscoveredMember {
  const fields = (server ?? {}) as Readonly<Record<'host' | 'port' | 'secure' | 'weight' | 'path', unknown>>
  const { host, port, secure, weight = 1, path } = fields
  if (typeof host !== 'string' || typeof port !== 'number' || path !== undefined)
    throw refused(name, 'it names a server without "host" and "port"', 'correct the discovery')
  if (secure !== undefined && typeof secure !== 'boolean')
    throw refused(name, 'the "secure" of a server is not a boolean', 'correct the discovery')
  if (!isCount(weight) || weight < 1 || weight > MAX_WEIGHT) {
    throw refused(
      name,
      `the weight of a server is not a whole number from 1 to ${String(MAX_WEIGHT)}`,
      'correct the discovery',
    )
  }
  return { endpoint: secure === true ? { host, port, secure } : { host, port }, weight }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function refused(name: string, what: string, next: string, cause?: unknown): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_DISCOVERY_FAILED',
    `The answer of the discovery ${name} is not used, because ${what}: ${next}.`,
    { cause },
  )
}
