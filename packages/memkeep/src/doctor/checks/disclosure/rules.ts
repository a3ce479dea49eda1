import type { CurableRule } from '../found.ts'

type RuleName = 'keyNames' | 'watch' | 'flush' | 'shutdown' | 'settings' | 'stats' | 'verbosity' | 'write'

const area = 'disclosure'

const KEEP_STRANGERS_OUT =
  'Keep strangers out: start memcached with `-S`, with `-Y FILE`, or with client certificates (`-Z -o ssl_verify_mode=2,ssl_ca_cert=FILE`).'

/** What a server may tell strangers, and what they may do to it. */
export const DISCLOSURE_RULES: Readonly<Record<RuleName, CurableRule>> = {
  keyNames: {
    id: 'key-names-open',
    area,
    severity: 'high',
    title: 'Strangers may list the name of every key',
    why: 'With the names, whoever connects reads every value, session and all; and names often hold user ids and e-mail addresses themselves.',
    cure: `Start memcached with \`-X\` (no dumps). ${KEEP_STRANGERS_OUT} Hide names from the server with \`encryption({ keyring, keyNames: 'hmac' })\` of @memkeep/encryption.`,
  },
  watch: {
    id: 'watch-open',
    area,
    severity: 'medium',
    title: 'Strangers may watch what is read and written',
    why: '`watch` shows the name of every key as services use it, and who connects, as it happens; `-X` does not end that.',
    cure: `Start memcached with \`-W\` (no watchers; since 1.5.21). ${KEEP_STRANGERS_OUT}`,
  },
  flush: {
    id: 'flush-open',
    area,
    severity: 'high',
    title: 'Strangers may empty the cache',
    why: 'One `flush_all` ends every session and sends every request to the database behind the cache.',
    cure: `Start memcached with \`-F\` (no flush_all). ${KEEP_STRANGERS_OUT}`,
  },
  shutdown: {
    id: 'shutdown-open',
    area,
    severity: 'high',
    title: 'Strangers may end the server',
    why: 'The server was started with `-A`: one `shutdown` ends it.',
    cure: `Start memcached without \`-A\`. ${KEEP_STRANGERS_OUT}`,
  },
  settings: {
    id: 'settings-open',
    area,
    severity: 'low',
    title: 'Strangers are told how the server is set up',
    why: '`stats settings` names addresses, files of certificates and which protections are off: what an attacker looks for first.',
    cure: `memcached has no option that hides it. ${KEEP_STRANGERS_OUT}`,
  },
  stats: {
    id: 'stats-open',
    area,
    severity: 'low',
    title: 'Strangers are told how the server is used',
    why: '`stats` names the exact version, the process, its load and how many items there are.',
    cure: `memcached has no option that hides it. ${KEEP_STRANGERS_OUT}`,
  },
  verbosity: {
    id: 'verbosity-open',
    area,
    severity: 'low',
    title: 'Strangers may change what the server logs',
    why: '`verbosity` turns on the log of every command, with the names of keys, on standard error: it fills disks, and tells what was private.',
    cure: `memcached has no option that ends it. ${KEEP_STRANGERS_OUT}`,
  },
  write: {
    id: 'strangers-write',
    area,
    severity: 'critical',
    title: 'Strangers write into the cache',
    why: "A test key was added, read and removed without a password: what services read from the cache may be anybody's, be it a session with more rights.",
    cure: `${KEEP_STRANGERS_OUT} With \`encryption({ keyring })\` of @memkeep/encryption, services refuse what others wrote.`,
  },
}
