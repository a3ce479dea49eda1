import { isIP } from 'node:net'
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
  // where there is no name of this kind, Node would look at the common name
  const usable = altNames.filter(hasNoPartialWildcard)
  const named = usable.some((altName) => altName.startsWith(`${kind}:`))
  const exact = { ...peer, subjectaltname: usable.join(', ') }
  if (named && checkServerIdentity(name, exact) === undefined) return undefined
  const names = altNames.join(', ')
  if (kind === 'DNS') {
    return new MemkeepError(
      'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
      `The certificate of ${server} is for ${names}, not for "${name}": connect by a name that it has, or set "servername" to one.`,
    )
  }
  return new MemkeepError(
    'ERR_MEMKEEP_TLS_IP_MISMATCH',
    `The certificate of ${server} is for ${names}, not for the IP address ${name}: connect by a name that it has, set "servername" to one, or issue it again with subjectAltName=IP:${name}.`,
  )
}

/** A wildcard stands for one whole label, the leftmost (RFC 9525, section 6.3); Node takes `c*.example` too. */
function hasNoPartialWildcard(altName: string): boolean {
  return !altName.startsWith('DNS:') || !altName.includes('*') || /^DNS:\*\.[^*]+$/.test(altName)
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
