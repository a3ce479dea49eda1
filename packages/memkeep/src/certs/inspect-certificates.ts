// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import type { KeyObject, X509Certificate } from 'node:crypto'
import { describeCertificate } from '@memkeep/tls'
import { X509Certificate as Asn1Certificate } from '@peculiar/x509'

/** A file that was read. */
export interface InspectedFile {
  readonly file: string
  readonly certificates: readonly X509Certificate[]
  readonly keys: readonly KeyObject[]
  /** Whether others than its owner may read it. */
  readonly shared: boolean
}

/** What a certificate says, and what is wrong with it. Nothing in it is secret. */
export interface CertificateReport {
  readonly file: string
  readonly subject: string
  readonly issuer: string
  /** What signed it, of what was looked at: a subject, or `itself`; null where that is not there. */
  readonly signedBy: string | null
  readonly for: readonly ('authority' | 'server' | 'client')[]
  /** `DNS:cache.example`, `IP Address:127.0.0.1` */
  readonly names: readonly string[]
  /** `EC prime256v1`, `RSA 2048` */
  readonly keyType: string
  /** `ECDSA with SHA-256`; null where that is not known. */
  readonly signature: string | null
  /** In hexadecimal. */
  readonly serialNumber: string
  /** ISO 8601, UTC. */
  readonly validFrom: string
  readonly validTo: string
  /** Whole days; below zero when it has ended. */
  readonly daysLeft: number
  /** The SHA-256 of its public key, as `pins` of `tls()` takes it. */
  readonly pin: string
  readonly fingerprint256: string
  /** Whether its private key was among what was looked at. */
  readonly hasKey: boolean
  readonly problems: readonly string[]
}

/** What the library says of a signature; its own type needs those of browsers. */
interface SignatureAlgorithm {
  readonly name: string
  readonly hash?: { readonly name?: string }
}

const DAY = 86_400_000
const LEAST_RSA_BITS = 2048
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** Tells of each certificate what it says, who signed it, and what is wrong with it. */
export function inspectCertificates(
  files: readonly InspectedFile[],
  now: Date,
): readonly CertificateReport[] {
  const all = files.flatMap(({ certificates }) => certificates)
  const keys = files.flatMap((file) => file.keys.map((key) => ({ key, file })))
  return files.flatMap(({ file, certificates }) =>
    certificates.map((certificate) => {
      const owned = keys.filter(({ key }) => certificate.checkPrivateKey(key))
      const beside = keys.filter((entry) => sameName(entry.file.file, file))
      const problems = [
        ...dateProblems(certificate, now),
        ...weaknesses(certificate),
        ...owned
          .filter((entry) => entry.file.shared)
          .map((entry) => `others can read its private key: chmod 600 ${entry.file.file}`),
        ...(owned.length === 0 && beside.length > 0
          ? ['the private key beside it is that of another certificate']
          : []),
      ]
      const { signedBy, forged } = signerOf(certificate, all)
      const described = describeCertificate(certificate)
      return {
        file,
        subject: described.subject,
        issuer: described.issuer,
        signedBy,
        for: purposesOf(certificate),
        names: described.subjectAltNames,
        keyType: keyTypeOf(certificate.publicKey),
        signature: signatureOf(certificate),
        serialNumber: described.serialNumber,
        validFrom: described.validFrom.toISOString(),
        validTo: described.validTo.toISOString(),
        daysLeft: Math.floor((described.validTo.getTime() - now.getTime()) / DAY),
        pin: described.pin,
        fingerprint256: described.fingerprint256,
        hasKey: owned.length > 0,
        problems: forged ? [...problems, 'it names an issuer that did not sign it'] : problems,
      }
    }),
  )
}

function signerOf(
  certificate: X509Certificate,
  all: readonly X509Certificate[],
): { readonly signedBy: string | null; readonly forged: boolean } {
  if (certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)) {
    return { signedBy: 'itself', forged: false }
  }
  const named = all.filter((other) => certificate.checkIssued(other))
  const signer = named.find((other) => other.ca && certificate.verify(other.publicKey))
  return {
    signedBy: signer === undefined ? null : describeCertificate(signer).subject,
    forged: named.length > 0 && signer === undefined,
  }
}

function dateProblems({ validFrom, validTo }: X509Certificate, now: Date): readonly string[] {
  if (new Date(validTo) <= now) return [`it ended at ${new Date(validTo).toISOString()}`]
  return new Date(validFrom) > now ? [`it is not good before ${new Date(validFrom).toISOString()}`] : []
}

function weaknesses(certificate: X509Certificate): readonly string[] {
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = certificate.publicKey
  const { modulusLength = 0 } = asymmetricKeyDetails
  const isServer = purposesOf(certificate).includes('server')
  return [
    ...(asymmetricKeyType === 'rsa' && modulusLength < LEAST_RSA_BITS
      ? [`its key is RSA of ${String(modulusLength)} bits: ${String(LEAST_RSA_BITS)} is the least`]
      : []),
    ...(/SHA-1$|MD5$/.test(signatureOf(certificate) ?? '') ? ['its signature is made with SHA-1'] : []),
    ...(isServer && certificate.subjectAltName === undefined
      ? ['it names no host (subjectAltName): clients refuse it']
      : []),
  ]
}

function purposesOf({ ca, keyUsage }: X509Certificate): CertificateReport['for'] {
  if (ca) return ['authority']
  // Node's keyUsage is the extended one, whatever its types say; without it everything is allowed
  const usages = keyUsage as readonly string[] | undefined
  return [
    ...(usages?.includes(SERVER_AUTH) === false ? [] : (['server'] as const)),
    ...(usages?.includes(CLIENT_AUTH) === false ? [] : (['client'] as const)),
  ]
}

function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): string {
  const { namedCurve, modulusLength } = asymmetricKeyDetails
  const type = asymmetricKeyType?.toUpperCase() ?? 'unknown'
  return [type, namedCurve ?? modulusLength].filter(Boolean).join(' ')
}

function signatureOf({ raw }: X509Certificate): string | null {
  try {
    const { name, hash } = new Asn1Certificate(raw).signatureAlgorithm as SignatureAlgorithm
    return hash?.name === undefined ? name : `${name} with ${hash.name}`
  } catch {
    // of a kind that the library does not know
    return null
  }
}

/** `server.pem` and `server.key`. */
function sameName(one: string, other: string): boolean {
  const stem = (path: string): string => path.replace(/\.[^./\\]*$/, '')
  return one !== other && stem(one) === stem(other)
}
