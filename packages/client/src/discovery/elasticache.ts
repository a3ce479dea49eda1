import { formatEndpoint, MemkeepError, type Channel, type Endpoint } from '@memkeep/core'
import { readOwnOptions, describeInput, exchange } from '@memkeep/core/internal'
import { allowedHosts } from './allowed-hosts.ts'
import { Attempt } from './attempt.ts'
import { parseClusterAnswer, parseClusterConfig, type ClusterHead } from './cluster-config.ts'
import type { Discovered, Discovery, DiscoveryContext } from './discovery.ts'

/** Options of {@link elastiCache}. */
export interface ElastiCacheOptions {
  /** Milliseconds between two questions. Default 60,000. */
  readonly interval?: number
  /** The most nodes that an answer may name; an answer with more is refused whole. Default 1,000. */
  readonly maxServers?: number
  /**
   * The hosts that nodes may have: names, IP addresses, or domains with a leading dot (`.cache.amazonaws.com`). An
   * answer that names another is refused whole. Default: any.
   */
  readonly allowedHosts?: readonly string[]
}

/** The longest delay of a Node timer, in milliseconds. */
const MAX_INTERVAL = 2 ** 31 - 1

/** As much of what a server says as a message repeats. */
const MAX_QUOTED_CHARACTERS = 100

/** The command, and what nodes before 1.4.14 have instead of it. */
const QUESTIONS: readonly { readonly command: string; readonly head: ClusterHead }[] = [
  { command: 'config get cluster', head: 'CONFIG cluster' },
  { command: 'get AmazonElastiCache:cluster', head: 'VALUE AmazonElastiCache:cluster' },
]

/**
 * Auto discovery of Amazon ElastiCache: asks the configuration endpoint, in the text protocol, which nodes its
 * cluster has. Nodes are used by their host names, so that TLS verifies them. Of several endpoints it asks first the
 * one that answered last, and the others when that one is behind the servers in use.
 *
 * @throws TypeError or RangeError for options that do not hold
 *
 * @example
 * const servers = 'memcacheds://my-cluster.abc.cfg.euc1.cache.amazonaws.com:11211'
 * new MemcachedClient({ servers, discovery: elastiCache(), transport: tls() })
 */
export function elastiCache(options: ElastiCacheOptions = {}): Discovery {
  const own = readOwnOptions('elastiCache', options, ['interval', 'maxServers', 'allowedHosts'])
  const { interval = 60_000, maxServers } = own
  if (!Number.isInteger(interval) || interval < 1 || interval > MAX_INTERVAL) {
    throw new RangeError(
      `elastiCache: "interval" must be a whole number of milliseconds from 1 on, not ${describeInput(interval)}`,
    )
  }
  if (maxServers !== undefined && (!Number.isSafeInteger(maxServers) || maxServers < 1)) {
    throw new RangeError(
      `elastiCache: "maxServers" must be a whole number, at least 1, not ${describeInput(maxServers)}`,
    )
  }
  const isAllowed = own.allowedHosts === undefined ? undefined : allowedHosts('elastiCache', own.allowedHosts)
  // by the endpoints of a client, since several may share it
  const told = new WeakMap<readonly Endpoint[], Endpoint>()
  return {
    name: 'elasticache',
    interval,
    speaks: 'text',
    ...(maxServers !== undefined && { maxServers }),
    async discover(context) {
      const { endpoints } = context
      const last = told.get(endpoints)
      const inOrder = last === undefined ? endpoints : [last, ...endpoints.filter((each) => each !== last)]
      const { endpoint, discovered } = await askOneOf(inOrder, context, isAllowed)
      told.set(endpoints, endpoint)
      return discovered
    },
  }
}

/** An endpoint and what it answered. */
interface Answer {
  readonly endpoint: Endpoint
  readonly discovered: Discovered
}

/** The first answer that is not older than the servers in use; when there is none, the newest. */
async function askOneOf(
  endpoints: readonly Endpoint[],
  context: DiscoveryContext,
  isAllowed: ((host: string) => boolean) | undefined,
): Promise<Answer> {
  const errors: unknown[] = []
  let newest: Answer | undefined
  for (const endpoint of endpoints) {
    try {
      const discovered = await askWithin(endpoint, context)
      if (isAllowed !== undefined) refuseOthers(endpoint, discovered, isAllowed)
      if (discovered.version >= (context.version ?? 0)) return { endpoint, discovered }
      if (newest === undefined || discovered.version > newest.discovered.version)
        newest = { endpoint, discovered }
    } catch (error) {
      context.signal.throwIfAborted()
      errors.push(error)
    }
  }
  if (newest !== undefined) return newest
  const asked = endpoints.map(formatEndpoint).join(', ')
  throw new MemkeepError(
    'ERR_MEMKEEP_DISCOVERY_FAILED',
    `No server could name the nodes of the cluster (asked: ${asked}): check that "servers" names the configuration endpoint of an ElastiCache cluster and that it can be reached.`,
    { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
  )
}

/** @throws MemkeepError `ERR_MEMKEEP_DISCOVERY_FAILED` for an answer with a node that is not among those allowed */
function refuseOthers(
  endpoint: Endpoint,
  { servers }: Discovered,
  isAllowed: (host: string) => boolean,
): void {
  const other = servers.find(({ host }) => !isAllowed(host))
  if (other === undefined) return
  throw new MemkeepError(
    'ERR_MEMKEEP_DISCOVERY_FAILED',
    `${formatEndpoint(endpoint)} named the node ${formatEndpoint(other)}, whose host is not in "allowedHosts": check who answers there, or add the host.`,
  )
}

/** Asks an endpoint in the time that one may take. */
async function askWithin(
  endpoint: Endpoint,
  { open, timeout, signal: stopping }: DiscoveryContext,
): Promise<Discovered> {
  let timedOut: Error | undefined
  const attempt = new Attempt(
    stopping,
    timeout,
    () => (timedOut = new DOMException('The endpoint took too long', 'TimeoutError')),
  )
  const { signal } = attempt
  try {
    const channel = await open(endpoint, { signal })
    try {
      return await ask(channel, endpoint, signal)
    } finally {
      channel.destroy()
    }
  } catch (error) {
    if (timedOut === undefined || error !== timedOut) throw error
    throw new MemkeepError(
      'ERR_MEMKEEP_CONNECT_TIMEOUT',
      `${formatEndpoint(endpoint)} did not name the nodes of its cluster within ${String(timeout)} ms: check its load and the network.`,
      { cause: error },
    )
  } finally {
    attempt.end()
  }
}

async function ask(channel: Channel, endpoint: Endpoint, signal: AbortSignal): Promise<Discovered> {
  const server = formatEndpoint(endpoint)
  for (const { command, head } of QUESTIONS) {
    const parse = (received: Buffer): ReturnType<typeof parseClusterAnswer> =>
      parseClusterAnswer(received, head)
    const answer = await exchange(channel, Buffer.from(`${command}\r\n`), parse, { server, signal })
    if ('body' in answer) {
      const { version, servers } = parseClusterConfig(answer.body)
      // who demands TLS of the configuration endpoint demands it of its nodes
      return {
        version,
        servers: endpoint.secure === true ? servers.map((node) => ({ ...node, secure: true })) : servers,
      }
    }
    // only a node without the command is asked for the legacy key, since any client of the cache can write that
    if (answer.refusal === 'ERROR') continue
    if (answer.refusal === 'END') break
    throw new MemkeepError(
      'ERR_MEMKEEP_SERVER_ERROR',
      `${server} refused to name the nodes of its cluster (${JSON.stringify(answer.refusal.slice(0, MAX_QUOTED_CHARACTERS))}): look at the state of the cluster.`,
    )
  }
  throw new MemkeepError(
    'ERR_MEMKEEP_DISCOVERY_FAILED',
    `${server} is a server of no cluster: leave "discovery" out, or name a configuration endpoint.`,
  )
}
