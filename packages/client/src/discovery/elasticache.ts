import { formatEndpoint, MemkeepError, type Endpoint } from '@memkeep/core'
import { assertOptions, exchange } from '@memkeep/core/internal'
import { NO_CLUSTER, parseClusterAnswer, parseClusterConfig } from './cluster-config.ts'
import type { Discovered, Discovery, DiscoveryContext } from './discovery.ts'

/** Options of {@link elastiCache}. */
export interface ElastiCacheOptions {
  /** Milliseconds between two questions. Default 60,000. */
  readonly interval?: number
}

/** The longest delay of a Node timer, in milliseconds. */
const MAX_INTERVAL = 2 ** 31 - 1

/** The command, and what nodes before 1.4.14 have instead of it. */
const QUESTIONS = ['config get cluster\r\n', 'get AmazonElastiCache:cluster\r\n']

/**
 * Auto discovery of Amazon ElastiCache: asks the configuration endpoint, in the text protocol, which nodes its
 * cluster has. Nodes are used by their host names, so that TLS verifies them.
 *
 * @throws TypeError or RangeError for options that do not hold
 *
 * @example
 * const servers = 'memcacheds://my-cluster.abc.cfg.euc1.cache.amazonaws.com:11211'
 * new MemcachedClient({ servers, discovery: elastiCache(), transport: tls() })
 */
export function elastiCache(options: ElastiCacheOptions = {}): Discovery {
  assertOptions('elastiCache', options, ['interval'])
  const { interval = 60_000 } = options
  if (!Number.isInteger(interval) || interval < 1 || interval > MAX_INTERVAL) {
    throw new RangeError(
      `elastiCache: "interval" must be a whole number of milliseconds from 1 on, not ${String(interval)}`,
    )
  }
  return { name: 'elasticache', interval, discover }
}

async function discover(context: DiscoveryContext): Promise<Discovered> {
  const errors: unknown[] = []
  for (const endpoint of context.endpoints) {
    try {
      return await askNode(endpoint, context)
    } catch (error) {
      context.signal.throwIfAborted()
      errors.push(error)
    }
  }
  const asked = context.endpoints.map(formatEndpoint).join(', ')
  throw new MemkeepError(
    'ERR_MEMKEEP_DISCOVERY_FAILED',
    `No server could name the nodes of the cluster (asked: ${asked}): check that "servers" names the configuration endpoint of an ElastiCache cluster and that it can be reached.`,
    { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
  )
}

async function askNode(endpoint: Endpoint, { open, signal }: DiscoveryContext): Promise<Discovered> {
  const channel = await open(endpoint, { signal })
  try {
    for (const question of QUESTIONS) {
      const answer = await exchange(channel, Buffer.from(question), parseClusterAnswer, signal)
      if (answer === NO_CLUSTER) continue
      const { version, servers } = parseClusterConfig(answer)
      // who demands TLS of the configuration endpoint demands it of its nodes
      return {
        version,
        servers: endpoint.secure === true ? servers.map((server) => ({ ...server, secure: true })) : servers,
      }
    }
    throw new MemkeepError(
      'ERR_MEMKEEP_DISCOVERY_FAILED',
      `${formatEndpoint(endpoint)} is a server of no cluster: leave "discovery" out, or name a configuration endpoint.`,
    )
  } finally {
    channel.destroy()
  }
}
