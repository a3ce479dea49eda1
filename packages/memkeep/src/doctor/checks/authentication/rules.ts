import type { CurableRule } from '../found.ts'

type RuleName =
  | 'anonymous'
  | 'plainWithoutTls'
  | 'asciiWithoutTls'
  | 'saslWithoutTls'
  | 'saslAnonymous'
  | 'cramMd5'
  | 'digestMd5'
  | 'ntlm'
  | 'login'
  | 'noScram'
  | 'noDelay'

const area = 'authentication'

const SCRAM_CURE =
  'Set `mech_list: scram-sha-256` in the memcached.conf of SASL_CONF_PATH, store users with `saslpasswd2 -c -a memcached USER`, and demand it in services: `sasl({ minimumStrength: "SCRAM-SHA-256" })` of @memkeep/sasl.'

const TLS_CURE =
  'Start memcached with TLS: `-Z -o ssl_chain_cert=FILE,ssl_key=FILE`, and connect with `tls({ ca })` of @memkeep/tls.'

/** What can be wrong with how a server knows its clients. */
export const AUTHENTICATION_RULES: Readonly<Record<RuleName, CurableRule>> = {
  anonymous: {
    id: 'anonymous-commands',
    area,
    severity: 'critical',
    title: 'Strangers may run commands',
    why: 'Whoever reaches the server reads, changes and deletes what every service keeps in it: sessions, permissions, pages.',
    cure: 'Start memcached with `-S` (SASL, with `mech_list: scram-sha-256`) or `-Y FILE` (ASCII authentication), either with TLS (`-Z`); or demand client certificates: `-Z -o ssl_verify_mode=2,ssl_ca_cert=FILE`. On one machine, a Unix socket (`-s PATH -a 0700`) does as well.',
  },
  plainWithoutTls: {
    id: 'plain-without-tls',
    area,
    severity: 'high',
    title: 'Passwords cross the network as they are',
    why: 'Whoever reads the network reads the password as well (RFC 4616), and has every right on the server from then on.',
    cure: `${TLS_CURE} Or offer SCRAM alone: \`mech_list: scram-sha-256\`.`,
  },
  asciiWithoutTls: {
    id: 'ascii-auth-without-tls',
    area,
    severity: 'high',
    title: 'ASCII authentication says passwords in clear',
    why: 'The password is sent as it is with every new connection: whoever reads the network has it.',
    cure: `${TLS_CURE} Or use SASL with SCRAM in its place: \`-S\` with \`mech_list: scram-sha-256\`.`,
  },
  saslWithoutTls: {
    id: 'sasl-without-tls',
    area,
    severity: 'medium',
    title: 'Nothing protects a connection after SASL',
    why: 'memcached uses none of the security layers of SASL: whoever can read the network sees every key and value, and whoever can change it sends commands on a connection that somebody else authenticated.',
    cure: TLS_CURE,
  },
  saslAnonymous: {
    id: 'sasl-anonymous',
    area,
    severity: 'critical',
    title: 'The mechanism ANONYMOUS is offered',
    why: 'It lets everybody in without a password (RFC 4505).',
    cure: SCRAM_CURE,
  },
  cramMd5: {
    id: 'sasl-cram-md5',
    area,
    severity: 'medium',
    title: 'The mechanism CRAM-MD5 is offered',
    why: 'Passwords can be guessed as fast as MD5 is from one exchange that was overheard, and the server is not verified (RFC 2195).',
    cure: SCRAM_CURE,
  },
  digestMd5: {
    id: 'sasl-digest-md5',
    area,
    severity: 'medium',
    title: 'The mechanism DIGEST-MD5 is offered',
    why: 'It was moved to historic for its faults (RFC 6331): passwords can be guessed as fast as MD5 is, and what it negotiates can be changed on the way.',
    cure: SCRAM_CURE,
  },
  ntlm: {
    id: 'sasl-ntlm',
    area,
    severity: 'medium',
    title: 'The mechanism NTLM is offered',
    why: 'It rests on MD4, DES and MD5: passwords can be guessed from one exchange that was overheard, and an exchange can be relayed to another server.',
    cure: SCRAM_CURE,
  },
  login: {
    id: 'sasl-login',
    area,
    severity: 'low',
    title: 'The mechanism LOGIN is offered',
    why: 'It says the password as it is, as PLAIN does, and was never standardised: no client of today needs it.',
    cure: SCRAM_CURE,
  },
  noScram: {
    id: 'no-scram',
    area,
    severity: 'low',
    title: 'No mechanism that keeps the password to the client is offered',
    why: 'With PLAIN the server, and whoever poses as it, is told the password. SCRAM (RFC 5802, RFC 7677) proves it without saying it, and has the server prove that it knows it too.',
    cure: SCRAM_CURE,
  },
  noDelay: {
    id: 'no-brute-force-delay',
    area,
    severity: 'low',
    title: 'Wrong passwords may be tried as fast as they come',
    why: 'The server neither slows down nor hangs up: a short password is found by trying. memcached has no such brake of its own.',
    cure: 'Use long random passwords (`openssl rand -base64 24`), let only services reach the port (`-l ADDRESS`, a firewall), and watch `auth_errors` in `stats`.',
  },
}
