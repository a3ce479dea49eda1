import type { CurableRule } from '../found.ts'

const area = 'tls'

/** A list that takes forward secrecy and authenticated encryption alone, up to TLS 1.2. */
const GOOD_CIPHERS = 'Name the good ones: `-o ssl_ciphers=ECDHE+AESGCM:ECDHE+CHACHA20`.'

const NEW_CERTIFICATE =
  'then put it into the file of `ssl_chain_cert` and send `refresh_certs` (or restart memcached).'

type Name =
  | 'noTls'
  | 'oldVersion'
  | 'noTls13'
  | 'unencrypted'
  | 'anonymous'
  | 'exportGrade'
  | 'brokenCipher'
  | 'smallBlock'
  | 'noForwardSecrecy'
  | 'cbc'
  | 'expired'
  | 'notYetValid'
  | 'expiresSoon'
  | 'wrongName'
  | 'selfSigned'
  | 'untrusted'
  | 'invalidChain'
  | 'wrongPurpose'
  | 'revoked'
  | 'pinMismatch'
  | 'weakKey'
  | 'weakSignature'
  | 'optionalClientCertificate'
  | 'anyClientCertificate'
  | 'tickets'

/** What can be wrong with a server's TLS. */
export const TLS_RULES: Readonly<Record<Name, CurableRule>> = {
  noTls: {
    id: 'no-tls',
    area,
    severity: 'critical',
    title: 'No TLS',
    why: 'Whoever is on the way reads and changes everything: keys, values, commands, passwords.',
    cure: 'Start memcached with TLS: `-Z -o ssl_chain_cert=FILE,ssl_key=FILE` (`memkeep certs` makes both), and connect with `tls({ ca })` of @memkeep/tls.',
  },
  oldVersion: {
    id: 'tls-old-version',
    area,
    severity: 'medium',
    title: 'Old versions of TLS are accepted',
    why: 'TLS 1.0 and 1.1 rest on MD5 and SHA-1 and must not be used any more (RFC 8996), nor SSL 3.0 (RFC 7568): somebody on the way can make both sides use them.',
    cure: 'Accept TLS 1.2 and later: `-o ssl_min_version=2` (3 for TLS 1.3 alone), without `@SECLEVEL=0` in `ssl_ciphers`.',
  },
  noTls13: {
    id: 'tls-no-1.3',
    area,
    severity: 'info',
    title: 'TLS 1.3 is not spoken',
    why: 'TLS 1.3 has no weak cipher suites left, hides certificates, and connects in one round trip less.',
    cure: 'Run a memcached that is built with OpenSSL 1.1.1 or later: it speaks TLS 1.3 by itself.',
  },
  unencrypted: {
    id: 'tls-null-cipher',
    area,
    severity: 'critical',
    title: 'Cipher suites without encryption are accepted',
    why: 'What they carry can be read by whoever is on the way, though both sides speak TLS.',
    cure: GOOD_CIPHERS,
  },
  anonymous: {
    id: 'tls-anonymous-cipher',
    area,
    severity: 'critical',
    title: 'Cipher suites without a certificate are accepted',
    why: 'Nobody proves to be the server in them: whoever is on the way can take its place.',
    cure: GOOD_CIPHERS,
  },
  exportGrade: {
    id: 'tls-export-cipher',
    area,
    severity: 'critical',
    title: 'Export-grade cipher suites are accepted',
    why: 'Their keys of 40 or 56 bits are found within hours, and somebody on the way can make both sides use them (FREAK, Logjam).',
    cure: GOOD_CIPHERS,
  },
  brokenCipher: {
    id: 'tls-broken-cipher',
    area,
    severity: 'high',
    title: 'Broken ciphers are accepted',
    why: 'RC4, RC2, DES and MD5 have practical attacks (RFC 7465 for RC4).',
    cure: GOOD_CIPHERS,
  },
  smallBlock: {
    id: 'tls-64-bit-block',
    area,
    severity: 'medium',
    title: 'Ciphers with 64-bit blocks are accepted',
    why: 'Connections that live long, as those to a cache do, give parts of what they carry away (3DES, IDEA: Sweet32, CVE-2016-2183).',
    cure: GOOD_CIPHERS,
  },
  noForwardSecrecy: {
    id: 'tls-no-forward-secrecy',
    area,
    severity: 'low',
    title: 'Cipher suites without forward secrecy are accepted',
    why: 'Whoever records connections and gets hold of the server key years later reads all of them.',
    cure: GOOD_CIPHERS,
  },
  cbc: {
    id: 'tls-cbc',
    area,
    severity: 'low',
    title: 'Cipher suites in CBC mode are accepted',
    why: 'Their way of padding, then SHA-1 or SHA-2, was attacked time and again (Lucky Thirteen, CVE-2013-0169): they are safe as long as no code on either side errs in time.',
    cure: GOOD_CIPHERS,
  },
  expired: {
    id: 'certificate-expired',
    area,
    severity: 'high',
    title: 'The certificate has expired',
    why: 'Clients that verify it cannot connect, and those that still can verify nothing.',
    cure: `Issue it again, ${NEW_CERTIFICATE}`,
  },
  notYetValid: {
    id: 'certificate-not-yet-valid',
    area,
    severity: 'high',
    title: 'The certificate is not valid yet',
    why: 'Clients that verify it cannot connect, and those that still can verify nothing.',
    cure: `Correct the clock of the machine that issued it, or of this one; else issue it again, ${NEW_CERTIFICATE}`,
  },
  expiresSoon: {
    id: 'certificate-expires-soon',
    area,
    severity: 'medium',
    title: 'The certificate expires soon',
    why: 'From then on clients that verify it cannot connect.',
    cure: `Issue it again now, ${NEW_CERTIFICATE}`,
  },
  wrongName: {
    id: 'certificate-wrong-name',
    area,
    severity: 'high',
    title: 'The certificate is for another name',
    why: 'A client that is given this name and verifies it cannot connect; one that can takes anybody for the server.',
    cure: `Connect by a name that it has, or issue it again with this name in its subjectAltName, ${NEW_CERTIFICATE}`,
  },
  selfSigned: {
    id: 'certificate-self-signed',
    area,
    severity: 'medium',
    title: 'The certificate is signed by itself',
    why: 'Nobody vouches for it: every client has to be given this very certificate, and a new one with each renewal, which is when verification gets switched off.',
    cure: `Have an authority issue it (\`memkeep certs\`, or that of your organisation), ${NEW_CERTIFICATE}`,
  },
  untrusted: {
    id: 'certificate-untrusted',
    area,
    severity: 'high',
    title: 'The certificate comes from nobody who is trusted here',
    why: 'Somebody else may answer at this address; or a certificate between it and the authority is not sent, so that no client can verify it.',
    cure: 'Hand in the authority that issued it (--ca). Where that is done already, have the server send those in between too: the file of `ssl_chain_cert` holds its own certificate first, then each issuer.',
  },
  invalidChain: {
    id: 'certificate-invalid-chain',
    area,
    severity: 'high',
    title: 'The certificate is issued by one that may not issue it',
    why: 'Clients that verify it cannot connect; and whoever has any certificate of that authority could issue others like it.',
    cure: `Have an authority with basicConstraints CA:true issue it, ${NEW_CERTIFICATE}`,
  },
  wrongPurpose: {
    id: 'certificate-wrong-purpose',
    area,
    severity: 'medium',
    title: 'The certificate is not for servers',
    why: 'Clients that verify it cannot connect.',
    cure: `Issue it again with extendedKeyUsage=serverAuth, ${NEW_CERTIFICATE}`,
  },
  revoked: {
    id: 'certificate-revoked',
    area,
    severity: 'high',
    title: 'The certificate is revoked',
    why: 'Its authority says that somebody else may have its key.',
    cure: `Make a new key, have a certificate issued for it, ${NEW_CERTIFICATE}`,
  },
  pinMismatch: {
    id: 'certificate-pin-mismatch',
    area,
    severity: 'high',
    title: 'The certificate has none of the pinned keys',
    why: 'Somebody else may answer at this address.',
    cure: 'If the keys were changed on purpose, pin the new ones; if not, find out who answers.',
  },
  weakKey: {
    id: 'certificate-weak-key',
    area,
    severity: 'high',
    title: 'The key of the certificate is too short',
    why: 'It can be broken by whoever spends enough on it, who then is the server to every client. OpenSSL refuses it by default.',
    cure: `Make a key of P-256, or RSA of 2048 bits or more, have a certificate issued for it, ${NEW_CERTIFICATE}`,
  },
  weakSignature: {
    id: 'certificate-weak-signature',
    area,
    severity: 'medium',
    title: 'The certificate is signed over a broken hash',
    why: 'Two certificates with the same MD5 or SHA-1 can be made, so the signature proves little. OpenSSL refuses it by default.',
    cure: `Have it signed with SHA-256, ${NEW_CERTIFICATE}`,
  },
  optionalClientCertificate: {
    id: 'client-certificate-optional',
    area,
    severity: 'medium',
    title: 'A client certificate is asked for and not required',
    why: 'Whoever has none is let in all the same: certificates keep nobody out here.',
    cure: 'Require one: `-o ssl_verify_mode=2,ssl_ca_cert=FILE`.',
  },
  anyClientCertificate: {
    id: 'client-certificate-unchecked',
    area,
    severity: 'high',
    title: 'Any client certificate is accepted',
    why: 'One that somebody made for themselves is let in: certificates keep nobody out here.',
    cure: 'Have only your authority accepted: `-o ssl_verify_mode=2,ssl_ca_cert=FILE`, with that authority alone in the file.',
  },
  tickets: {
    id: 'tls-1.2-session-tickets',
    area,
    severity: 'info',
    title: 'Session tickets are given out on TLS 1.2',
    why: 'They are sealed with a key that stays the same while the server runs: whoever gets it out of its memory reads all TLS 1.2 connections that were recorded since its start.',
    cure: 'memcached has no switch for them. Speak TLS 1.3 alone, where resumption has forward secrecy: `-o ssl_min_version=3` of memcached 1.6.11 and later; or restart memcached from time to time.',
  },
}
