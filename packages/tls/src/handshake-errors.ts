import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'

/** What is known of a connection when it fails. */
export interface HandshakeFacts {
  /** The server as the user wrote it. */
  readonly server: string
  /** The name that the certificate was checked against. */
  readonly name: string
  /** Whether we have a client certificate. */
  readonly hasCertificate: boolean
  /**
   * The version agreed on, once our side of the handshake is complete. It is noted down then, since Node 20 crashes
   * when a socket that failed is asked for it.
   */
  readonly protocol: string | null
  /** Whether the server has sent us application data: it accepted us. */
  readonly accepted: boolean
}

const UNKNOWN_CA = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])

// The alerts of RFC 8446, section 6.2. What OpenSSL puts before their names differs between its versions.
const CERTIFICATE_REQUIRED = /^ERR_SSL_.*ALERT_CERTIFICATE_REQUIRED$/
const HANDSHAKE_FAILURE = /^ERR_SSL_.*ALERT_HANDSHAKE_FAILURE$/
/** Alerts that refuse a certificate which we sent. */
const REFUSED_CERTIFICATE =
  /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/

/** Says of a TLS failure what went wrong and what to do; one code for each cause that a user can mend. */
export function explainTlsError(
  cause: (Error & { readonly code?: string }) | null,
  facts: HandshakeFacts,
): MemkeepError {
  if (cause instanceof MemkeepError) return cause
  const [code, message] = classify(cause?.code ?? '', facts)
  return new MemkeepError(code, message, { cause })
}

function classify(code: string, facts: HandshakeFacts): readonly [MemkeepErrorCode, string] {
  const { server, name, accepted } = facts
  if (UNKNOWN_CA.has(code)) {
    return [
      'ERR_MEMKEEP_TLS_UNKNOWN_CA',
      `The certificate of ${server} comes from an authority that is not trusted here (${code}): hand in that authority's certificate as "ca".`,
    ]
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return [
      'ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED',
      `The certificate of ${server} is outside its dates (${code}): renew it on the server, or correct this machine's clock.`,
    ]
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [
      'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
      `The certificate of ${server} is not for "${name}": connect by a name that its subjectAltName has, or set "servername" to one.`,
    ]
  }
  if (CERTIFICATE_REQUIRED.test(code) || (!accepted && refusedUs(code, facts))) {
    return facts.hasCertificate ? rejected(server, code) : required(server)
  }
  if (REFUSED_CERTIFICATE.test(code)) return rejected(server, code)
  if (accepted)
    return ['ERR_MEMKEEP_CONNECTION_LOST', `The TLS connection to ${server} broke (${code || 'closed'}).`]
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return [
      'ERR_MEMKEEP_TLS_HANDSHAKE_FAILED',
      `${server} does not speak TLS on this port (${code}): start memcached with -Z, or correct the port.`,
    ]
  }
  return [
    'ERR_MEMKEEP_TLS_HANDSHAKE_FAILED',
    `The TLS handshake with ${server} failed (${code || 'closed'}): check that it speaks TLS 1.2 or later on this port.`,
  ]
}

/**
 * Whether the server turned us away for our certificate without a certificate alert. TLS 1.2: a handshake failure,
 * which means a missing certificate wherever a cipher suite is shared. TLS 1.3: it closes after the handshake, and
 * the reset may overtake its alert.
 */
function refusedUs(code: string, { protocol, hasCertificate }: HandshakeFacts): boolean {
  if (HANDSHAKE_FAILURE.test(code)) return !hasCertificate
  return protocol === 'TLSv1.3' && ['', 'ECONNRESET', 'EPIPE'].includes(code)
}

function required(server: string): readonly [MemkeepErrorCode, string] {
  return [
    'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED',
    `${server} turned us away for having no client certificate: hand in "cert" and "key" (mutual TLS).`,
  ]
}

function rejected(server: string, code: string): readonly [MemkeepErrorCode, string] {
  return [
    'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED',
    `${server} refused our client certificate (${code || 'closed'}): use one that is within its dates and comes from an authority that the server trusts.`,
  ]
}
