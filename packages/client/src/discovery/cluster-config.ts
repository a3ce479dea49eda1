import { MemkeepError, parseEndpoints, type TcpEndpoint } from '@memkeep/core'
import type { Parsed } from '@memkeep/core/internal'
import type { Discovered } from './discovery.ts'

/** What begins the answer: to the command, or to a `get` of the legacy key, which has the same body. */
export type ClusterHead = 'CONFIG cluster' | 'VALUE AmazonElastiCache:cluster'

/** The body of an answer, or the line that a node said instead: `ERROR` where there is no such command. */
export type ClusterAnswer = { readonly body: string } | { readonly refusal: string }

/** The longest body, in bytes: ten times what 60 nodes need, and less than is read of an answer. */
const MAX_BODY_BYTES = 60_000
const AFTER_BODY = '\r\nEND\r\n'

/**
 * Reads the answer to a question for a cluster (Amazon ElastiCache, "Adding Auto Discovery To Your Client Library");
 * undefined while it is incomplete.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL`
 */
export function parseClusterAnswer(received: Buffer, head: ClusterHead): Parsed<ClusterAnswer> | undefined {
  const lineEnd = received.indexOf('\r\n')
  if (lineEnd < 0) return undefined
  const line = received.toString('latin1', 0, lineEnd)
  const start = lineEnd + 2
  if (/^(END|ERROR|(CLIENT|SERVER)_ERROR .*)$/.test(line)) return { value: { refusal: line }, length: start }
  const numbers = line.startsWith(`${head} `) ? /^\d+ (\d{1,5})$/.exec(line.slice(head.length + 1)) : null
  if (numbers === null) throw malformed('did not answer the question for its cluster')
  const bytes = Number(numbers[1])
  if (bytes > MAX_BODY_BYTES) throw malformed('announced a cluster that is too long to be one')
  const end = start + bytes
  const length = end + AFTER_BODY.length
  if (received.length < length) return undefined
  if (received.toString('latin1', end, length) !== AFTER_BODY)
    throw malformed('sent a cluster of another length than announced')
  return { value: { body: received.toString('utf8', start, end) }, length }
}

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
