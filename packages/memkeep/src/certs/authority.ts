// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import { createPrivateKey, randomBytes, type X509Certificate as ParsedCertificate } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import {
  AuthorityKeyIdentifierExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type Name,
} from '@peculiar/x509'
import { parseCertificates } from './pem.ts'
import { importKey, type SigningKeys } from './private-key.ts'

/** A certificate and its private key (PKCS #8), as PEM. **`key` is secret.** */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** When a certificate is good. */
export interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** What is signed. */
export interface CertificateContent extends Validity {
  readonly subject: Name
  readonly keys: SigningKeys
  /** All but the identifiers of keys, which are added. */
  readonly extensions: readonly Extension[]
}

/** An authority that can sign. */
export interface Authority {
  readonly certificate: X509Certificate
  readonly keys: SigningKeys
}

/**
 * Takes an authority in: of several certificates in `cert` that which belongs to `key`.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_KEY_MISMATCH` when none does, `ERR_MEMKEEP_TLS_INVALID_CHAIN` for one that is
 * no authority, `ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED` for one that has ended; as `importKey` for its key
 */
export async function readAuthority({ cert, key }: CertificatePair, now: Date): Promise<Authority> {
  const certificates = parseCertificates(cert)
  const keys = await importKey(key)
  const privateKey = createPrivateKey(key)
  const own = certificates.find((certificate) => certificate.checkPrivateKey(privateKey))
  if (own === undefined) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_KEY_MISMATCH',
      "The authority's private key does not belong to its certificate: is one of the files another authority's?",
    )
  }
  assertMayIssue(own, now)
  return { certificate: new X509Certificate(own.raw), keys }
}

function assertMayIssue(certificate: ParsedCertificate, now: Date): void {
  if (!certificate.ca) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_INVALID_CHAIN',
      "The authority's certificate is not that of an authority (CA:false): nobody would trust what it signs.",
    )
  }
  if (new Date(certificate.validTo) <= now) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED',
      `The authority ended at ${new Date(certificate.validTo).toISOString()}: renew it first.`,
    )
  }
}

/** Signs a certificate by its own key. A subjectKeyIdentifier that it has stays, since others refer to it. */
export async function signSelf(content: CertificateContent): Promise<string> {
  const { subject, keys, extensions } = content
  const named = extensions.some((extension) => extension instanceof SubjectKeyIdentifierExtension)
  return sign(content, { issuer: subject, keys }, [
    ...extensions,
    ...(named ? [] : [await SubjectKeyIdentifierExtension.create(keys.publicKey)]),
  ])
}

/** Signs a certificate by an authority's key. It ends with the authority at the latest. */
export async function signBy({ certificate, keys }: Authority, content: CertificateContent): Promise<string> {
  const { extensions, notAfter } = content
  const last = certificate.notAfter
  return sign(
    { ...content, notAfter: notAfter < last ? notAfter : last },
    { issuer: certificate.subjectName, keys },
    [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(content.keys.publicKey),
      await issuerKeyIdentifier(certificate),
    ],
  )
}

async function sign(
  { subject, keys, notBefore, notAfter }: CertificateContent,
  signer: { readonly issuer: Name; readonly keys: SigningKeys },
  extensions: Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: signer.issuer,
    notBefore,
    notAfter,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: signer.keys.algorithm,
    extensions,
  })
  return `${certificate.toString('pem')}\n`
}

/** The issuer's own identifier, which need not be made as ours are (RFC 5280, section 4.2.1.1). */
async function issuerKeyIdentifier(issuer: X509Certificate): Promise<Extension> {
  const own = issuer.getExtension(SubjectKeyIdentifierExtension)
  return own === null
    ? AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    : new AuthorityKeyIdentifierExtension(own.keyId)
}

/** A positive number of 16 bytes, 126 bits of them random (RFC 5280, section 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}
