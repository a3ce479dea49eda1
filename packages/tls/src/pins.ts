import { createHash, X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate } from 'node:tls'

const PIN = /^sha256\/[A-Za-z0-9+/]{43}=$/

/**
 * The pins as a set.
 *
 * @throws TypeError for what is none
 */
export function parsePins(pins: readonly string[]): ReadonlySet<string> {
  const list: unknown = pins
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError('tls: "pins" must be an array of at least one pin')
  }
  for (const pin of pins) {
    if (typeof pin === 'string' && PIN.test(pin)) continue
    throw new TypeError(
      'tls: a pin is "sha256/" and the 44 characters of the base64 of the SHA-256 of a SubjectPublicKeyInfo',
    )
  }
  return new Set(pins)
}

/** The pin of a certificate's public key (RFC 7469, section 2.4). */
export function pinOf({ publicKey }: X509Certificate): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`
}

/**
 * The server's certificate and those above it, each of which really signed the one before. Node links what a server
 * sends by names alone, so a server could add the certificate of an authority that never knew it.
 */
export function verifiedChain(peer: DetailedPeerCertificate): readonly X509Certificate[] {
  const chain = [new X509Certificate(peer.raw)]
  // a root is its own issuer; at the end of a broken chain there is none
  let below = peer
  for (;;) {
    const above = below.issuerCertificate as DetailedPeerCertificate | undefined
    const child = chain.at(-1)
    if (above === undefined || above === below || child === undefined) return chain
    const issuer = new X509Certificate(above.raw)
    if (!issuer.ca || !child.checkIssued(issuer) || !child.verify(issuer.publicKey)) return chain
    chain.push(issuer)
    below = above
  }
}
