// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import { randomBytes, type webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type { CertificatePair } from '@memkeep/local-server'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  type Extension,
} from '@peculiar/x509'
import { exportKey, makeKeys, signingAlgorithm, type KeyType, type SignatureHash } from './pki-keys.ts'

const DAY = 86_400_000
/** The names that a test server is reached by. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1']

/** Options of every certificate. */
export interface IssueOptions {
  readonly commonName?: string
  /** Default: a day ago, so that clocks may differ. */
  readonly notBefore?: Date
  /** Default: in 30 days. */
  readonly notAfter?: Date
  /** Default: P-256. */
  readonly keyType?: KeyType
  /** What the signature is over. Default: SHA-256. */
  readonly hash?: SignatureHash
}

/** Options of a server's certificate. */
export interface IssueServerOptions extends IssueOptions {
  /** DNS names and IP addresses of its subjectAltName; none for a certificate without one. Default: those of loopback. */
  readonly hosts?: readonly string[]
  /** Has it signed by its own key, and by no authority. */
  readonly selfSigned?: boolean
}

/** Options of an authority's certificate. */
export interface AuthorityOptions extends IssueOptions {
  /** Its basicConstraints; false makes one that may not issue, and issues nevertheless. Default: true. */
  readonly isAuthority?: boolean
}

/** Options of a certificate revocation list. */
export interface CrlOptions {
  /** Default: an hour ago. */
  readonly thisUpdate?: Date
  /** Default: in 30 days. */
  readonly nextUpdate?: Date
}

/** A certificate authority (RFC 5280). */
export interface Authority {
  /** Its own certificate, as PEM. */
  readonly ca: string
  /** Its certificate with its private key. */
  readonly pair: CertificatePair
  issueServer(options?: IssueServerOptions): Promise<CertificatePair>
  issueClient(options?: IssueOptions): Promise<CertificatePair>
  /** An authority under this one. */
  issueAuthority(options?: AuthorityOptions): Promise<Authority>
  /** A list that revokes these certificates (PEM), as PEM. */
  revoke(certificates: readonly string[], options?: CrlOptions): Promise<string>
}

/** A certificate authority for tests, with a server's and a client's certificate ready. */
export interface Pki extends Authority {
  readonly server: CertificatePair
  readonly client: CertificatePair
}

/** Makes a root authority, different at every call. Its server and client have keys of its own key type. */
export async function createPki(options: AuthorityOptions = {}): Promise<Pki> {
  const authority = await createAuthority(options, undefined)
  const { keyType = 'P-256' } = options
  const [server, client] = await Promise.all([
    authority.issueServer({ keyType }),
    authority.issueClient({ keyType }),
  ])
  return { ...authority, server, client }
}

/**
 * An attacker's certificate, as PEM, with the name and public key of one certificate and another as its issuer, which
 * never signed it: it links the two for whoever goes by names.
 */
export async function forgeLink(subject: string, issuer: string): Promise<string> {
  const [own, above] = [new X509Certificate(subject), new X509Certificate(issuer)]
  const attacker = await makeKeys()
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: own.subject,
    issuer: above.subject,
    notBefore: own.notBefore,
    notAfter: own.notAfter,
    publicKey: own.publicKey,
    signingKey: attacker.privateKey,
    signingAlgorithm: signingAlgorithm(attacker.privateKey),
    extensions: [
      await SubjectKeyIdentifierExtension.create(own.publicKey),
      await AuthorityKeyIdentifierExtension.create(above.publicKey),
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** Who signs: an authority's name and keys. */
interface Signer {
  readonly name: string
  readonly keys: webcrypto.CryptoKeyPair
}

async function createAuthority(options: AuthorityOptions, parent: Signer | undefined): Promise<Authority> {
  const { commonName = 'Memkeep test CA', isAuthority = true } = options
  const keys = await makeKeys(options.keyType)
  const name = `CN=${commonName} ${randomBytes(4).toString('hex')}`
  const own: Signer = { name, keys }
  const ca = await issue(own, parent ?? own, options, [
    new BasicConstraintsExtension(isAuthority, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ])

  const issueLeaf = async (
    subject: string,
    { selfSigned = false, ...leaf }: IssueServerOptions,
    extensions: Extension[],
  ): Promise<CertificatePair> => {
    const leafKeys = await makeKeys(leaf.keyType)
    const itself: Signer = { name: `CN=${subject}`, keys: leafKeys }
    const cert = await issue(itself, selfSigned ? itself : own, leaf, [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...extensions,
    ])
    return { cert, key: await exportKey(leafKeys.privateKey) }
  }

  return {
    ca,
    pair: { cert: ca, key: await exportKey(keys.privateKey) },
    issueServer: ({ hosts = LOOPBACK_HOSTS, ...leaf } = {}) =>
      issueLeaf(leaf.commonName ?? 'memcached', leaf, [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        ...(hosts.length === 0 ? [] : [new SubjectAlternativeNameExtension(hosts.map(toGeneralName))]),
      ]),
    issueClient: (leaf = {}) =>
      issueLeaf(leaf.commonName ?? 'service', leaf, [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ]),
    issueAuthority: (child = {}) => createAuthority(child, own),
    revoke: (certificates, dates = {}) => revoke(own, certificates, dates),
  }
}

async function issue(
  subject: Signer,
  issuer: Signer,
  { notBefore, notAfter, hash }: IssueOptions,
  extensions: Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: subject.name,
    issuer: issuer.name,
    notBefore: notBefore ?? new Date(Date.now() - DAY),
    notAfter: notAfter ?? new Date(Date.now() + 30 * DAY),
    publicKey: subject.keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: signingAlgorithm(issuer.keys.privateKey, hash),
    extensions: [
      await SubjectKeyIdentifierExtension.create(subject.keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
      ...extensions,
    ],
  })
  return `${certificate.toString('pem')}\n`
}

async function revoke(
  { name, keys }: Signer,
  certificates: readonly string[],
  { thisUpdate, nextUpdate }: CrlOptions,
): Promise<string> {
  const crl = await X509CrlGenerator.create({
    issuer: name,
    thisUpdate: thisUpdate ?? new Date(Date.now() - 3_600_000),
    nextUpdate: nextUpdate ?? new Date(Date.now() + 30 * DAY),
    signingKey: keys.privateKey,
    signingAlgorithm: signingAlgorithm(keys.privateKey),
    entries: certificates.map((pem) => ({
      serialNumber: new X509Certificate(pem).serialNumber,
      revocationDate: new Date(Date.now() - 3_600_000),
    })),
    extensions: [await AuthorityKeyIdentifierExtension.create(keys.publicKey)],
  })
  // RFC 7468, section 6: the label that OpenSSL knows
  return `${crl.toString('pem').replace(/(BEGIN|END) CRL/g, '$1 X509 CRL')}\n`
}

function toGeneralName(value: string): { readonly type: 'dns' | 'ip'; readonly value: string } {
  return { type: isIP(value) === 0 ? 'dns' : 'ip', value }
}

/** A positive serial number (RFC 5280, section 4.1.2.2). */
function serial(): string {
  return `01${randomBytes(15).toString('hex')}`
}
