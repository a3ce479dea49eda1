import type { X509Certificate } from 'node:crypto'
import { displayText } from '@memkeep/core/internal'
import { pinOf } from './pins.ts'

/** What a certificate says; nothing in it is secret, and names in it are safe to print. */
export interface CertificateDescription {
  /** Distinguished name: `CN=memcached, O=Example`. */
  readonly subject: string
  readonly issuer: string
  /** In hexadecimal. */
  readonly serialNumber: string
  /** `DNS:cache.example`, `IP Address:192.0.2.1`. */
  readonly subjectAltNames: readonly string[]
  /** SHA-1 of the certificate, as older tools print it. */
  readonly fingerprint: string
  /** SHA-256 of the certificate. */
  readonly fingerprint256: string
  /** SHA-256 of its public key, as `pins` takes it. */
  readonly pin: string
  readonly validFrom: Date
  readonly validTo: Date
}

/** Describes a certificate, as of a file: `describeCertificate(new X509Certificate(pem)).pin` is what `pins` takes. */
export function describeCertificate(certificate: X509Certificate): CertificateDescription {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber,
    subjectAltNames: splitAltNames(certificate.subjectAltName).map(displayText),
    fingerprint: certificate.fingerprint,
    fingerprint256: certificate.fingerprint256,
    pin: pinOf(certificate),
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
  }
}

/** A certificate of a connection, and those above it as far as they are known; a root is its own issuer. */
export function chainOf(certificate: X509Certificate): readonly X509Certificate[] {
  const issuer = certificate.issuerCertificate
  const isLast = issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256
  return isLast ? [certificate] : [certificate, ...chainOf(issuer)]
}

/** The names of a subjectAltName as Node prints it; what holds a comma is in quotes there. */
export function splitAltNames(text: string | undefined): readonly string[] {
  return (text?.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((name) => name.trim())
}

/** A distinguished name, which Node prints a line for each part, on one and safe to print. */
export function oneLine(name: string): string {
  return displayText(name.split('\n').join(', '))
}
