import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import type { Endpoint } from '@memkeep/core'
import { BOUNDS } from './bounds.ts'
import { Connector, type Target } from './connector.ts'
import { describeFailure } from './conversation.ts'
import { withSignal } from './with-signal.ts'

/** Where a server was found, or why not. */
export type Located =
  | {
      readonly target: Target
      readonly addresses: readonly string[]
      /** The connection that it took. To be ended when others were made, since an end in place of TLS is a failure. */
      readonly taken: Socket
      readonly failure?: undefined
    }
  | { readonly target?: undefined; readonly failure: string }

/**
 * Finds the address to audit: the first of the name's that takes a connection, so that everything that is seen is of
 * one server.
 */
export async function locate(endpoint: Endpoint, signal: AbortSignal): Promise<Located> {
  if ('path' in endpoint) return tryTargets([{ path: endpoint.path }], [], signal)
  const { host, port } = endpoint
  try {
    const addresses = isIP(host) === 0 ? await resolve(host, signal) : [host]
    return await tryTargets(
      addresses.map((address) => ({ address, port })),
      addresses,
      signal,
    )
  } catch (error) {
    return { failure: explain(describeFailure(error as Error)) }
  }
}

async function tryTargets(
  targets: readonly Target[],
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Located> {
  let failure: string | undefined
  for (const target of targets) {
    const opened = await new Connector(target, undefined, BOUNDS, signal).openPlain()
    if (opened.socket !== undefined) return { target, addresses, taken: opened.socket }
    failure ??= opened.failure
  }
  return { failure: explain(failure ?? 'ENOTFOUND') }
}

async function resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = await withSignal(lookup(host, { all: true }), signal)
  return [...new Set(found.map(({ address }) => address))]
}

/** What to do about it, for people. */
function explain(failure: string): string {
  const advice: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there: start memcached, or correct the port',
    ENOENT: 'there is no such socket: start memcached with -s, or correct the path',
    EACCES: 'this process may not open it: check the permissions of the socket',
    ENOTFOUND: 'the name does not resolve: correct the host, or the DNS',
    EAI_AGAIN: 'the name does not resolve for now: check the DNS',
  }
  const what = advice[failure] ?? 'check that the server runs and that no firewall drops the connection'
  return `It cannot be connected to (${failure}): ${what}.`
}
