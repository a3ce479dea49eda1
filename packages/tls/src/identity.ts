import { isIP, SocketAddress } from 'node:net'
import { checkServerIdentity, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls'
import { MemkeepError } from '@memkeep/core'
import { splitAltNames } from './certificate.ts'
import { pinOf, verifiedChain } from './pins.ts'

/** Whom a server must be. */
export interface ExpectedIdentity {
  /** The server as the user wrote it, for messages. */
  readonly server: string
  /** A DNS name or an IP address that its certificate must have. */
  readonly name: string
  /** Public keys of which its chain must have one; undefined when any will do. */
  readonly pins: ReadonlySet<string> | undefined
}

/**
 * Checks a certificate whose chain is verified for the name (RFC 9525: its subjectAltName, never its common name)
 * and the pins; returns what is wrong.
 */
export function checkIdentity(expected: ExpectedIdentity, peer: PeerCertificate): MemkeepError | undefined {
  return checkName(expected, peer) ?? checkPins(expected, peer as DetailedPeerCertificate)
}

function checkName({ server, name }: ExpectedIdentity, peer: PeerCertificate): MemkeepError | undefined {
  const altNames = splitAltNames(peer.subjectaltname)
  const kind = isIP(name) === 0 ? 'DNS' : 'IP Address'
  if (!altNames.some((altName) => /^(DNS|IP Address):/.test(altName))) {
    return new MemkeepError(
      'ERR_MEMKEEP_TLS_NO_SUBJECT_ALT_NAME',
      `The certificate of ${server} names no host in a subjectAltName, and a common name does not count: issue it again with subjectAltName=${kind === 'DNS' ? 'DNS' : 'IP'}:${name}.`,
    )
  }
  const names = altNames.join(', ')
  if (kind === 'DNS') {
    if (hasHost(altNames, name, peer)) return undefined
    return new MemkeepError(
      'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
      `The certificate of ${server} is for ${names}, not for "${name}": connect by a name that it has, or set "servername" to one.`,
    )
  }
  if (hasAddress(altNames, name)) return undefined
  return new MemkeepError(
    'ERR_MEMKEEP_TLS_IP_MISMATCH',
    `The certificate of ${server} is for ${names}, not for the IP address ${name}: connect by a name that it has, set "servername" to one, or issue it again with subjectAltName=IP:${name}.`,
  )
}

function hasHost(altNames: readonly string[], name: string, peer: PeerCertificate): boolean {
  // without a name of this kind, Node would look at the common name
  const usable = altNames.filter((altName) => altName.startsWith('DNS:') && hasNoPartialWildcard(altName))
  if (usable.length === 0) return false
  return checkServerIdentity(name, { ...peer, subjectaltname: usable.join(', ') }) === undefined
}

/** An address has many spellings, and Node 22.23 compares those of version 6 as text: `::1`, `0:0:0:0:0:0:0:1`. */
function hasAddress(altNames: readonly string[], name: string): boolean {
  const address = spellAddress(name)
  return altNames.some((altName) => {
    const [, listed = ''] = /^IP Address:(.*)$/.exec(altName) ?? []
    return isIP(listed) !== 0 && spellAddress(listed) === address
  })
}

/** The one spelling of an address, without the interface that an address of a link may name (RFC 4007). */
function spellAddress(address: string): string {
  return new SocketAddress({ address, family: isIP(address) === 6 ? 'ipv6' : 'ipv4' }).address
}

/** A wildcard stands for one whole label, the leftmost (RFC 9525, section 6.3); Node takes `c*.example` too. */
function hasNoPartialWildcard(altName: string): boolean {
  return !altName.includes('*') || /^DNS:\*\.[^*]+$/.test(altName)
}

function checkPins(
  { server, pins }: ExpectedIdentity,
  peer: DetailedPeerCertificate,
): MemkeepError | undefined {
  if (pins === undefined) return undefined
  const seen = verifiedChain(peer).map(pinOf)
  if (seen.some((pin) => pins.has(pin))) return undefined
  return new MemkeepError(
    'ERR_MEMKEEP_TLS_PIN_MISMATCH',
    `No certificate in the chain of ${server} has a pinned public key; seen: ${seen.join(', ')}. If its keys were changed on purpose, pin one of these; if not, somebody else answers there.`,
  )
}
