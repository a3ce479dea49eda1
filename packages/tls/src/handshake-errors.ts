import type { X509Certificate } from 'node:crypto'
import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'

type TlsCode = Extract<MemkeepErrorCode, `ERR_MEMKEEP_TLS_${string}`>
type Explanation = readonly [code: MemkeepErrorCode, message: string]

/** What is known of a connection when it fails. */
export interface HandshakeFacts {
  /** The server as the user wrote it. */
  readonly server: string
  /** Our own certificate. */
  readonly own: X509Certificate | undefined
  /**
   * The version agreed on, once our side of the handshake is complete. It is noted down then, since Node 20 crashes
   * when a socket that failed is asked for it.
   */
  readonly protocol: string | undefined
  /** Whether the server took up the handshake: it said more than an alert. */
  readonly answered: boolean
  /** Whether the server has sent us application data: it accepted us. */
  readonly accepted: boolean
}

/**
 * What OpenSSL finds wrong with the server's certificate, by Node's name for it or, where Node says `UNSPECIFIED`, by
 * OpenSSL's sentence; and what to tell the user, after "The certificate of <server> ".
 */
const CERTIFICATE_FAULTS: readonly (readonly [
  fault: RegExp,
  code: TlsCode,
  message: (fault: string) => string,
])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    'ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED',
    () => `has expired: renew it on the server, its authorities' too, or correct this machine's clock.`,
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    'ERR_MEMKEEP_TLS_CERTIFICATE_NOT_YET_VALID',
    () => `is not valid yet: correct this machine's clock, or issue it again.`,
  ],
  [
    /^CERT_REVOKED$/,
    'ERR_MEMKEEP_TLS_CERTIFICATE_REVOKED',
    () => `is revoked by a list in "crl": give the server another one.`,
  ],
  [
    /^(UNABLE_TO_GET_CRL|CRL_.*|.*_CRL_.*)$/,
    'ERR_MEMKEEP_TLS_CRL_UNUSABLE',
    (fault) =>
      `cannot be looked up in "crl" (${fault}): hand in a list of each authority of its chain that is signed by it and not out of date.`,
  ],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    'ERR_MEMKEEP_TLS_SELF_SIGNED',
    () =>
      `is signed by itself: have an authority issue it, or hand it in as "ca" if it really is the server's.`,
  ],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_UNTRUSTED|CERT_REJECTED)$/,
    'ERR_MEMKEEP_TLS_UNKNOWN_CA',
    (fault) =>
      `comes from an authority that is not trusted here (${fault}): hand in that authority's certificate as "ca".`,
  ],
  [
    /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    'ERR_MEMKEEP_TLS_INCOMPLETE_CHAIN',
    () =>
      `came alone, and the authority that issued it is not trusted here: hand in that authority's certificate as "ca"; if "ca" holds the authority above it, have the server send the one in between (ssl_chain_cert).`,
  ],
  [
    /^(INVALID_CA|PATH_LENGTH_EXCEEDED|CERT_CHAIN_TOO_LONG|CERT_SIGNATURE_FAILURE)$|not a CA|invalid CA/,
    'ERR_MEMKEEP_TLS_INVALID_CHAIN',
    (fault) =>
      `is issued by one that may not issue it (${fault}): have an authority with basicConstraints CA:true issue it.`,
  ],
  [
    /^INVALID_PURPOSE$/,
    'ERR_MEMKEEP_TLS_WRONG_PURPOSE',
    () => `is not for servers: issue it again with extendedKeyUsage=serverAuth.`,
  ],
  [
    /key too weak/,
    'ERR_MEMKEEP_TLS_WEAK_KEY',
    (fault) =>
      `has a key that is too short, or its authority has (${fault}): use RSA of 2048 bits or more, or P-256.`,
  ],
  [
    /digest algorithm too weak/,
    'ERR_MEMKEEP_TLS_WEAK_SIGNATURE',
    (fault) => `is signed by a broken hash (${fault}): issue it again with SHA-256.`,
  ],
]

// The alerts of RFC 8446, section 6.2. What OpenSSL puts before their names differs between its versions.
const CERTIFICATE_REQUIRED = /^ERR_SSL_.*ALERT_CERTIFICATE_REQUIRED$/
const CERTIFICATE_EXPIRED = /^ERR_SSL_.*ALERT_CERTIFICATE_EXPIRED$/
const HANDSHAKE_FAILURE = /^ERR_SSL_.*ALERT_HANDSHAKE_FAILURE$/
/** Alerts that refuse a certificate which we sent. */
const REFUSED_CERTIFICATE =
  /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/

/**
 * Says of a TLS failure what went wrong and what to do; one code for each cause that a user can mend: those of
 * {@link isDistrust}, and `ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED`, `_REJECTED`, `_EXPIRED`, `_NOT_SPOKEN`,
 * `_VERSION_REFUSED`, `_NO_SHARED_CIPHER`, `_DOWNGRADE`, `_HANDSHAKE_FAILED`, or `ERR_MEMKEEP_CONNECTION_LOST` once the server accepted us.
 */
export function explainTlsError(
  cause: (Error & { readonly code?: string }) | null,
  facts: HandshakeFacts,
): MemkeepError {
  if (cause instanceof MemkeepError) return cause
  const [code, message] = classify(cause?.code ?? '', cause?.message ?? '', facts)
  return new MemkeepError(code, message, { cause })
}

const DISTRUST: ReadonlySet<MemkeepErrorCode> = new Set<MemkeepErrorCode>([
  ...CERTIFICATE_FAULTS.map(([, code]) => code),
  'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
  'ERR_MEMKEEP_TLS_IP_MISMATCH',
  'ERR_MEMKEEP_TLS_NO_SUBJECT_ALT_NAME',
  'ERR_MEMKEEP_TLS_PIN_MISMATCH',
])

/** Whether an error says that we do not trust the server, as opposed to it us, or to neither being to blame. */
export function isDistrust(error: unknown): error is MemkeepError {
  return error instanceof MemkeepError && DISTRUST.has(error.code)
}

function classify(code: string, text: string, facts: HandshakeFacts): Explanation {
  const { server, accepted } = facts
  const fault = code === 'UNSPECIFIED' ? text : code
  for (const [pattern, tlsCode, message] of CERTIFICATE_FAULTS) {
    if (pattern.test(fault)) return [tlsCode, `The certificate of ${server} ${message(fault)}`]
  }
  if (CERTIFICATE_EXPIRED.test(code)) return expired(facts)
  if (REFUSED_CERTIFICATE.test(code) || CERTIFICATE_REQUIRED.test(code)) return turnedAway(code, facts)
  if (accepted) {
    return ['ERR_MEMKEEP_CONNECTION_LOST', `The TLS connection to ${server} broke (${code || 'closed'}).`]
  }
  if (CLOSED.has(code)) return closedWithoutAlert(code, facts)
  const isForCertificate = HANDSHAKE_FAILURE.test(code) && facts.own === undefined && facts.answered
  // TLS 1.2 has no other alert for a missing certificate once a cipher suite is agreed on
  return isForCertificate ? turnedAway(code, facts) : explainHandshake(code, facts)
}

/** How a connection ends without an alert: closed, reset, or closed while we wrote. */
const CLOSED: ReadonlySet<string> = new Set(['', 'ECONNRESET', 'EPIPE'])

/**
 * A server that is unreachable: only an alert refuses a certificate. On TLS 1.3 the reset may overtake that alert, so
 * both possibilities are named.
 */
function closedWithoutAlert(code: string, { server, own, protocol }: HandshakeFacts): Explanation {
  const how = code === '' ? 'closed' : `broke off (${code})`
  if (protocol === undefined) {
    return [
      'ERR_MEMKEEP_CONNECTION_LOST',
      `${server} ${how} the connection during the TLS handshake, without an alert: check that it runs, that it speaks TLS on this port, and, behind a proxy, that the memcached there runs.`,
    ]
  }
  const certificate = own === undefined ? 'requires a client certificate' : 'rejects the client certificate'
  return [
    'ERR_MEMKEEP_CONNECTION_LOST',
    `${server} ${how} the connection after the TLS handshake, before its first answer and without an alert: the memcached behind it is away, or it ${certificate}.`,
  ]
}

/** Whether another connection may tell more: one on which nothing is written, so that no reset overtakes an alert. */
export function mayHideAlert(error: unknown): boolean {
  return (
    error instanceof MemkeepError &&
    error.message.includes(' after the TLS handshake, before its first answer ')
  )
}

function turnedAway(code: string, facts: HandshakeFacts): Explanation {
  const { server, own } = facts
  if (own === undefined) {
    return [
      'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED',
      `${server} requires a client certificate: hand in "cert" and "key" (mutual TLS).`,
    ]
  }
  if (Date.parse(own.validTo) <= Date.now()) return expired(facts)
  return [
    'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED',
    `${server} refused our client certificate (${code || 'closed'}): use one that comes from an authority that the server trusts (its ssl_ca_cert).`,
  ]
}

function expired({ server, own }: HandshakeFacts): Explanation {
  return [
    'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_EXPIRED',
    `${server} refused our client certificate because its time is over (it ends on ${String(own?.validTo)}): renew it, or correct the clocks.`,
  ]
}

function explainHandshake(code: string, { server, answered }: HandshakeFacts): Explanation {
  if (HANDSHAKE_FAILURE.test(code) && !answered) {
    return [
      'ERR_MEMKEEP_TLS_NO_SHARED_CIPHER',
      `${server} takes none of the cipher suites that are offered here (${code}): look at "ciphers" here and at ssl_ciphers there, and whether its key is of a kind that they are for.`,
    ]
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
    return [
      'ERR_MEMKEEP_TLS_NOT_SPOKEN',
      `${server} does not speak TLS on this port (${code}): start memcached with -Z, or correct the port.`,
    ]
  }
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/.test(code)) {
    return [
      'ERR_MEMKEEP_TLS_VERSION_REFUSED',
      `${server} speaks no version of TLS that is accepted here (${code}): have it speak TLS 1.2 or 1.3, and look at "minVersion".`,
    ]
  }
  if (code.includes('INAPPROPRIATE_FALLBACK')) {
    return [
      'ERR_MEMKEEP_TLS_DOWNGRADE',
      `Somebody between here and ${server} tried to have an older version of TLS spoken (${code}): find out what stands in between.`,
    ]
  }
  return [
    'ERR_MEMKEEP_TLS_HANDSHAKE_FAILED',
    `The TLS handshake with ${server} failed (${code || 'closed'}): check that it speaks TLS 1.2 or later on this port.`,
  ]
}
