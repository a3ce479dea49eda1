import { isIP, isIPv4 } from 'node:net'
import { domainToASCII } from 'node:url'

/** A name in a certificate's subjectAltName (RFC 5280, section 4.2.1.6). */
export interface HostName {
  readonly type: 'dns' | 'ip'
  readonly value: string
}

const MAX_NAME = 253
const CHARACTERS = /^[\p{L}\p{M}\p{N}._-]+$/u
/** A label as hosts have them; `_` because container networks use it. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * The names and addresses that clients write in `servers`, each once, as a certificate has them.
 *
 * @throws TypeError for none, and for what is neither a host name nor an IP address
 */
export function parseHosts(hosts: readonly string[]): readonly HostName[] {
  if (hosts.length === 0) {
    throw new TypeError('hosts must hold the names or addresses that clients connect to: at least one')
  }
  const names = hosts.map((host, index) => parseHost(host, index + 1))
  return names.filter(({ value }, index) => names.findIndex((name) => name.value === value) === index)
}

/** @param place its place in the list: what is no host may be a secret, and is not repeated */
function parseHost(host: string, place: number): HostName {
  if (isIP(host) !== 0) {
    if (host.includes('%')) throw noHost(place, 'has a zone, which certificates do not know: leave it out')
    // one spelling of each address
    return { type: 'ip', value: isIPv4(host) ? host : new URL(`http://[${host}]`).hostname.slice(1, -1) }
  }
  if (host.startsWith('[')) throw noHost(place, 'is written with brackets: leave them and the port out')
  if (/:\d+$/.test(host)) throw noHost(place, 'has a port: a certificate is for a host, leave the port out')
  const wildcard = host.startsWith('*.')
  // a wildcard is one label of several: one for all of a top domain is refused everywhere
  const name = wildcard ? host.slice(2) : host
  // Node would take what stands before a slash or a question mark for all of it
  const ascii = CHARACTERS.test(name) ? domainToASCII(name) : ''
  const labels = ascii.split('.')
  if (
    ascii.length > MAX_NAME ||
    !labels.every((label) => LABEL.test(label)) ||
    (wildcard && labels.length < 2)
  ) {
    throw noHost(place, 'is neither a host name nor an IP address')
  }
  // what looks like an address and is none, such as 127.1
  if (/^\d+$/.test(labels.at(-1) ?? ''))
    throw noHost(place, 'is no IP address, and no host name ends in a number')
  return { type: 'dns', value: wildcard ? `*.${ascii}` : ascii }
}

function noHost(place: number, why: string): TypeError {
  return new TypeError(`host ${String(place)} ${why}`)
}
