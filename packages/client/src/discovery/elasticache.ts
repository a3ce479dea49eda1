import { formatEndpoint, MemkeepError, type Channel, type Endpoint } from '@memkeep/core'
import { assertOptions, describeInput, exchange, time } from '@memkeep/core/internal'
import { parseClusterAnswer, parseClusterConfig, type ClusterHead } from './cluster-config.ts'
import type { Discovered, Discovery, DiscoveryContext } from './discovery.ts'

/** Options of {@link elastiCache}. */
export interface ElastiCacheOptions {
  /** Milliseconds between two questions. Default 60,000. */
  readonly interval?: number
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
 * one that told last.
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
      `elastiCache: "interval" must be a whole number of milliseconds from 1 on, not ${describeInput(interval)}`,
    )
  }
  // by the endpoints of a client, since several may share it
  const told = new WeakMap<readonly Endpoint[], Endpoint>()
  return {
    name: 'elasticache',
    interval,
    async discover(context) {
      const { endpoints } = context
      const last = told.get(endpoints)
      const inOrder = last === undefined ? endpoints : [last, ...endpoints.filter((each) => each !== last)]
      const { endpoint, discovered } = await askOneOf(inOrder, context)
      told.set(endpoints, endpoint)
      return discovered
    },
  }
}

async function askOneOf(
  endpoints: readonly Endpoint[],
  context: DiscoveryContext,
): Promise<{ readonly endpoint: Endpoint; readonly discovered: Discovered }> {
  const errors: unknown[] = []
  for (const endpoint of endpoints) {
    try {
      return { endpoint, discovered: await askWithin(endpoint, context) }
    } catch (error) {
      context.signal.throwIfAborted()
      errors.push(error)
    }
  }
  const asked = endpoints.map(formatEndpoint).join(', ')
  throw new MemkeepError(
    'ERR_MEMKEEP_DISCOVERY_FAILED',
    `No server could name the nodes of the cluster (asked: ${asked}): check that "servers" names the configuration endpoint of an ElastiCache cluster and that it can be reached.`,
    { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
  )
}

/** Asks an endpoint in the time that one may take. */
async function askWithin(
  endpoint: Endpoint,
  { open, timeout, signal: stopping }: DiscoveryContext,
): Promise<Discovered> {
  const deadline = new AbortController()
  const timer = time.setTimeout(() => {
    deadline.abort(new DOMException('The endpoint took too long', 'TimeoutError'))
  }, timeout)
  const signal = AbortSignal.any([stopping, deadline.signal])
  try {
    const channel = await open(endpoint, { signal })
    try {
      return await ask(channel, endpoint, signal)
    } finally {
      channel.destroy()
    }
  } catch (error) {
    if (error !== deadline.signal.reason) throw error
    throw new MemkeepError(
      'ERR_MEMKEEP_CONNECT_TIMEOUT',
      `${formatEndpoint(endpoint)} did not name the nodes of its cluster within ${String(timeout)} ms: check its load and the network.`,
      { cause: error },
    )
  } finally {
    time.clearTimeout(timer)
  }
}

async function ask(channel: Channel, endpoint: Endpoint, signal: AbortSignal): Promise<Discovered> {
  const server = formatEndpoint(endpoint)
  for (const { command, head } of QUESTIONS) {
    const parse = (received: Buffer): ReturnType<typeof parseClusterAnswer> =>
      parseClusterAnswer(received, head)
    const answer = await exchange(channel, Buffer.from(`${command}\r\n`), parse, signal)
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
