import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import type { TlsOptions } from './options.ts'
import { keyError, materialError } from './material-error.ts'
import { nextUpdateOf } from './revocation-list.ts'
import { contentOf, listOf, nameOf, type FileContents } from './sources.ts'

/** What connections are made with: loaded, checked, and never changed; other files make another one. */
export interface Material {
  readonly context: SecureContext
  /** Our own certificate. */
  readonly own: X509Certificate | undefined
  /** The authorities that were given. */
  readonly authorities: readonly X509Certificate[]
  /** How many revocation lists were given. */
  readonly revocationLists: number
  /** When the first of them is to be replaced, in milliseconds since 1970; Infinity when none is. */
  readonly listsEnd: number
}

/** RFC 7468: what OpenSSL knows the parts of a file by. */
const CERTIFICATE = 'CERTIFICATE'
const REVOCATION_LIST = 'X509 CRL'

/**
 * OpenSSL's level of 112 bits: RSA keys of 2048 bits or more, no SHA-1 signatures, no suites without authentication.
 * Node 20 would take RSA-1024.
 */
const SECURITY_LEVEL = '@SECLEVEL=2'

/**
 * Loads and checks everything, so that a bad file is an error here and not at the next connection.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`, `_KEY_MISMATCH`, `_PASSPHRASE_REQUIRED`, `_PASSPHRASE_WRONG`,
 * `_CLIENT_CERTIFICATE_EXPIRED`
 */
export function loadMaterial(options: TlsOptions, contents: FileContents): Material {
  const { minVersion = 'TLSv1.2', passphrase, trustDefaultCa = false } = options
  const authorities = listOf(options.ca).flatMap((source) => {
    const name = nameOf('ca', source)
    return certificatesIn(name, contentOf(source, contents))
  })
  // each for itself: of a text with several, Node takes the first alone
  const crl = listOf(options.crl).flatMap((source) =>
    partsOf(nameOf('crl', source), contentOf(source, contents), REVOCATION_LIST),
  )
  checkPair(options, contents)
  const ca = authorities.map((certificate) => certificate.toString())
  const context = createContext(options, {
    ...cipherOptions(options.ciphers, minVersion),
    ...(ca.length > 0 && { ca: trustDefaultCa ? [...defaultAuthorities(), ...ca] : ca }),
    ...(crl.length > 0 && { crl: [...crl] }),
    ...(options.cert !== undefined && { cert: contentOf(options.cert, contents) }),
    ...(options.key !== undefined && { key: contentOf(options.key, contents) }),
    ...(options.pfx !== undefined && { pfx: contentOf(options.pfx, contents) }),
    ...(passphrase !== undefined && { passphrase }),
  })
  const own = options.cert === undefined && options.pfx === undefined ? undefined : ownCertificate(context)
  if (own !== undefined) checkDates(own)
  const listsEnd = Math.min(...crl.map(nextUpdateOf))
  return { context, own, authorities, revocationLists: crl.length, listsEnd }
}

/** Whatever suites are named, the security level stays; with suites of TLS 1.3 alone, that is all that is spoken. */
function cipherOptions(
  ciphers: string = tls.DEFAULT_CIPHERS,
  minVersion: 'TLSv1.2' | 'TLSv1.3',
): SecureContextOptions {
  if (ciphers.split(':').every((suite) => suite.startsWith('TLS_'))) {
    return { minVersion: 'TLSv1.3', ciphers: `${ciphers}:DEFAULT:${SECURITY_LEVEL}` }
  }
  return { minVersion, ciphers: `${ciphers}:${SECURITY_LEVEL}` }
}

function createContext({ pfx, ciphers, passphrase }: TlsOptions, all: SecureContextOptions): SecureContext {
  try {
    return tls.createSecureContext(all)
  } catch (cause) {
    const { code, message } = cause as { readonly code?: string; readonly message: string }
    if (code === 'ERR_SSL_NO_CIPHER_MATCH') {
      throw new RangeError(`tls: "ciphers" names no suite that this OpenSSL knows: ${String(ciphers)}`, {
        cause,
      })
    }
    if (pfx !== undefined && message.includes('mac verify failure'))
      throw wrongPassphrase('"pfx"', passphrase)
    if (pfx !== undefined) {
      throw materialError(
        `${nameOf('pfx', pfx)} is no PKCS #12 with a certificate and its key (${message}): export it again.`,
        cause,
      )
    }
    throw materialError(
      `OpenSSL does not take the certificates (${message}): check each with "openssl x509".`,
      cause,
    )
  }
}

/** What Node trusts when it is told nothing, with what its environment adds where Node can tell (22.15 and later). */
function defaultAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { readonly getCACertificates?: (type: 'default') => readonly string[] }
  return getCACertificates?.('default') ?? tls.rootCertificates
}

/** Checks `cert` and `key` for themselves and together. */
function checkPair({ cert, key, passphrase }: TlsOptions, contents: FileContents): void {
  if (cert === undefined || key === undefined) return
  const [own] = certificatesIn(nameOf('cert', cert), contentOf(cert, contents))
  const privateKey = loadKey(nameOf('key', key), contentOf(key, contents), passphrase)
  if (own?.checkPrivateKey(privateKey) === true) return
  throw keyError(
    'ERR_MEMKEEP_TLS_KEY_MISMATCH',
    `${nameOf('key', key)} does not belong to the certificate in ${nameOf('cert', cert)}: hand in the two that were made together, the certificate itself before its authorities.`,
  )
}

function loadKey(name: string, pem: Buffer, passphrase: string | undefined): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem.toString('latin1'))) {
    throw materialError(`${name} holds no private key as PEM: hand in the text, or { file: 'its path' }.`)
  }
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(
    pem.toString('latin1'),
  )
  if (encrypted && passphrase === undefined) throw wrongPassphrase(name, undefined)
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(encrypted && { passphrase }) })
  } catch {
    if (encrypted) throw wrongPassphrase(name, passphrase)
    throw materialError(`${name} holds a private key that does not load: write the file again, whole.`)
  }
}

function wrongPassphrase(name: string, passphrase: string | undefined): Error {
  return passphrase === undefined
    ? keyError('ERR_MEMKEEP_TLS_PASSPHRASE_REQUIRED', `${name} is encrypted: hand in its "passphrase".`)
    : keyError(
        'ERR_MEMKEEP_TLS_PASSPHRASE_WRONG',
        `${name} does not open with this "passphrase": correct it.`,
      )
}

function certificatesIn(name: string, content: Buffer): readonly X509Certificate[] {
  return partsOf(name, content, CERTIFICATE).map((pem, index) => {
    try {
      return new X509Certificate(pem)
    } catch (cause) {
      throw materialError(
        `Certificate ${String(index + 1)} in ${name} does not load: write the file again, whole.`,
        cause,
      )
    }
  })
}

/** The parts of a PEM text that have this label; one that begins and does not end is a file half written. */
function partsOf(name: string, content: Buffer, label: string): readonly string[] {
  const text = content.toString('latin1')
  const parts = text.match(new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, 'g')) ?? []
  const begun = text.split(`-----BEGIN ${label}`).length - 1
  if (begun === 0) {
    throw materialError(`${name} holds no "${label}" as PEM: hand in the text, or { file: 'its path' }.`)
  }
  if (parts.length < begun) throw materialError(`${name} is cut off: write the file again, whole.`)
  return parts
}

/** The certificate that a context would show, whatever it was made of. */
function ownCertificate(context: SecureContext): X509Certificate | undefined {
  const socket = new tls.TLSSocket(
    new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => {
        done()
      },
    }),
    {
      secureContext: context,
    },
  )
  const certificate = socket.getX509Certificate()
  socket.destroy()
  return certificate
}

function checkDates({ validFrom, validTo }: X509Certificate): void {
  const now = Date.now()
  if (Date.parse(validTo) <= now) {
    throw keyError(
      'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_EXPIRED',
      `Our own certificate expired on ${validTo}: renew it.`,
    )
  }
  if (Date.parse(validFrom) > now) {
    throw materialError(`Our own certificate is not valid before ${validFrom}: check this machine's clock.`)
  }
}
