import { isIP } from 'node:net'
import { isLoopbackHost } from '@memkeep/core'
import type { CheckContext, Settings } from '../../check.ts'
import { reachOf, type Reach } from '../../engine/addresses.ts'
import { parseListeners } from '../../parse/listeners.ts'

/** How far a server's words go: as far as the widest address that it is known by or listens on. */
export function spreadOf({ addresses }: CheckContext, settings: Settings | undefined): Reach {
  const listeners = parseListeners(settings?.values.get('inter') ?? '')
  const all = [...addresses.map(reachOf), ...listeners.map(({ host }) => reachOfHost(host))]
  return all.includes('public') ? 'public' : all.includes('private') ? 'private' : 'loopback'
}

/** Every interface, and a name that is not this machine's, is taken for a private network: it need not be more. */
export function reachOfHost(host: string | undefined): Reach {
  if (host === undefined) return 'private'
  if (isIP(host) !== 0) return reachOf(host)
  return isLoopbackHost(host) ? 'loopback' : 'private'
}
