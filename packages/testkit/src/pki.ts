// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000
/** The names that a test server is reached by. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1']

/** A certificate and its private key (PKCS #8), as PEM. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** Options of an issued certificate. */
export interface IssueOptions {
  readonly commonName?: string
  /** Default: a day ago, so that clocks may differ. */
  readonly notBefore?: Date
  /** Default: in 30 days. */
  readonly notAfter?: Date
}

/** Options of a server's certificate. */
export interface IssueServerOptions extends IssueOptions {
  /** DNS names and IP addresses of its subjectAltName. Default: those of loopback. */
  readonly hosts?: readonly string[]
}

/** A certificate authority for tests, with a server's and a client's certificate ready. */
export interface Pki {
  /** The authority's certificate, as PEM. */
  readonly ca: string
  readonly server: CertificatePair
  readonly client: CertificatePair
  issueServer(options?: IssueServerOptions): Promise<CertificatePair>
  issueClient(options?: IssueOptions): Promise<CertificatePair>
}

/** Makes a certificate authority (RFC 5280, ECDSA P-256), different at every call. */
export async function createPki(): Promise<Pki> {
  const keys = await makeKeys()
  const name = `CN=Memkeep test CA ${randomBytes(4).toString('hex')}`
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    ...dates({}),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })

  const issue = async (
    subject: string,
    options: IssueOptions,
    extensions: Extension[],
  ): Promise<CertificatePair> => {
    const own = await makeKeys()
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${subject}`,
      issuer: authority.subject,
      ...dates(options),
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await SubjectKeyIdentifierExtension.create(own.publicKey),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    })
    return { cert: certificate.toString('pem'), key: await exportKey(own.privateKey) }
  }

  const issueServer = ({
    hosts = LOOPBACK_HOSTS,
    ...options
  }: IssueServerOptions = {}): Promise<CertificatePair> =>
    issue(options.commonName ?? 'memcached', options, [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ])
  const issueClient = (options: IssueOptions = {}): Promise<CertificatePair> =>
    issue(options.commonName ?? 'service', options, [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ])

  const [server, client] = await Promise.all([issueServer(), issueClient()])
  return { ca: authority.toString('pem'), server, client, issueServer, issueClient }
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
}

function dates({ notBefore, notAfter }: IssueOptions): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: notBefore ?? new Date(Date.now() - DAY),
    notAfter: notAfter ?? new Date(Date.now() + 30 * DAY),
  }
}

/** A positive serial number (RFC 5280, section 4.1.2.2). */
function serial(): string {
  return `01${randomBytes(15).toString('hex')}`
}
