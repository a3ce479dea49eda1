import { MemkeepError, parseEndpoints, type TcpEndpoint } from '@memkeep/core'
import type { Parsed } from '@memkeep/core/internal'
import type { Discovered } from './discovery.ts'

/** What a node answers when it knows no cluster: the command, or the legacy key, does not exist there. */
export const NO_CLUSTER = 'no cluster'

/**
 * Reads the answer to `config get cluster`, or to a `get` of the legacy key, which has the same body (Amazon
 * ElastiCache, "Adding Auto Discovery To Your Client Library"); undefined while it is incomplete.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL`
 */
export function parseClusterAnswer(received: Buffer): Parsed<string> | undefined {
  const lineEnd = received.indexOf('\r\n')
  if (lineEnd < 0) return undefined
  const line = received.toString('latin1', 0, lineEnd)
  if (/^(END|ERROR|CLIENT_ERROR .*|SERVER_ERROR .*)$/.test(line))
    return { value: NO_CLUSTER, length: lineEnd + 2 }
  // five digits are more than any cluster needs
  const match = /^(?:CONFIG cluster|VALUE AmazonElastiCache:cluster) \d+ (\d{1,5})$/.exec(line)
  if (match === null) throw malformed('did not answer the question for its cluster')
  const start = lineEnd + 2
  const end = start + Number(match[1])
  const length = end + AFTER_BODY.length
  if (received.length < length) return undefined
  if (received.toString('latin1', end, length) !== AFTER_BODY)
    throw malformed('sent a cluster of another length than announced')
  return { value: received.toString('utf8', start, end), length }
}

const AFTER_BODY = '\r\nEND\r\n'

/**
 * Reads the body of such an answer: the version of the configuration in one line, the nodes in the next, each as
 * `host|ip|port`. The host is what a certificate names, so the address counts only where there is no host.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL`
 */
export function parseClusterConfig(body: string): Discovered {
  const [version = '', nodes = ''] = body.split(/\r?\n/)
  if (!/^\d{1,15}$/.test(version)) throw malformed('sent a cluster without a version')
  const servers = nodes
    .split(' ')
    .filter((node) => node !== '')
    .map(parseNode)
  if (servers.length === 0) throw malformed('named a cluster without nodes')
  try {
    parseEndpoints(servers)
  } catch (cause) {
    throw malformed('named a node that can be none', cause)
  }
  return { version: Number(version), servers }
}

function parseNode(node: string): TcpEndpoint {
  const [host = '', address = '', port = '', ...more] = node.split('|')
  if (more.length > 0 || !/^\d{1,5}$/.test(port))
    throw malformed('named a node that is not written host|ip|port')
  return { host: host === '' ? address : host, port: Number(port) }
}

function malformed(what: string, cause?: unknown): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `The server ${what}: check that "servers" names the configuration endpoint of an ElastiCache cluster.`,
    { cause },
  )
}
