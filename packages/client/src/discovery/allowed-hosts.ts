import { isIP } from 'node:net'
import { MemkeepError, parseEndpoint } from '@memkeep/core'

/**
 * Reads a list of hosts: each a name or an IP address, or, with a leading dot, the names below a domain.
 *
 * @returns whether a host is one of them
 * @throws TypeError for an empty list, or an entry of another form
 */
export function allowedHosts(owner: string, entries: readonly string[]): (host: string) => boolean {
  if (!Array.isArray(entries) || entries.length === 0)
    throw new TypeError(`${owner}: "allowedHosts" must be a list of hosts, such as ['.cache.amazonaws.com']`)
  const hosts = new Set<string>()
  const suffixes: string[] = []
  for (const entry of entries as readonly unknown[]) {
    const domain = typeof entry === 'string' && entry.startsWith('.')
    const host = typeof entry === 'string' ? entry.slice(domain ? 1 : 0) : ''
    if (!isHost(host) || (domain && isIP(host) !== 0)) {
      throw new TypeError(
        `${owner}: "allowedHosts" must hold host names, IP addresses, or domains with a leading dot, such as ".cache.amazonaws.com"`,
      )
    }
    if (domain) suffixes.push(`.${canonical(host)}`)
    else hosts.add(canonical(host))
  }
  return (host) => {
    const name = canonical(host)
    return hosts.has(name) || suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix))
  }
}

function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true
  try {
    const endpoint = parseEndpoint(host)
    return 'host' in endpoint && endpoint.host === host
  } catch (error) {
    if (error instanceof MemkeepError) return false
    throw error
  }
}

/** One spelling of a name: case and the root's dot do not count, and each IPv6 address has one canonical text. */
function canonical(host: string): string {
  if (isIP(host) === 6) return new URL(`http://[${host}]`).hostname
  return host.toLowerCase().replace(/\.$/, '')
}
