import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** What each example must print. */
const EXPECTED = {
  'ascii-auth': [
    ...['we read: hello, friend', 'a stranger: ERR_MEMKEEP_AUTH_REQUIRED'],
    'an open server: ERR_MEMKEEP_AUTH_NOT_REQUIRED',
  ],
  'cache-manager': [
    ...['asked: 1000 computed: 1', "read back: { name: 'Ada', computed: 1 }", 'deleted: undefined'],
    "without its server: { name: 'Ada', computed: 2 }",
  ],
  'certificate-rotation': [
    ...['shows: CN=service', 'in use from now on: CN=service-renewed'],
    ...['shows: CN=service-renewed on connections: 1', 'requests: many failed: 0'],
  ],
  encryption: [
    ...['we read: her address', 'a stranger finds the name: undefined', 'or reads the value: false'],
    ...['told: ERR_MEMKEEP_DECRYPT_FAILED', 'a swapped value: undefined', 'keys fit: true'],
  ],
  everything: ["read back: { name: 'Ada' }", 'wrapped: computed once / computed once', 'deleted: undefined'],
  'express-session': ['first: { visits: 1 }', 'again: { visits: 2 }', 'after leaving: { visits: 1 }'],
  'key-rotation': [
    ...['distributed: 2 keys', 'promoted: true', 'retired too early: ERR_MEMKEEP_UNSAFE_ROTATION'],
    'reads: many misses: 0',
  ],
  keyv: [
    "read back: { name: 'Ada', photo: <Buffer 01 02 03> }",
    "many at once: [ 'Bob', undefined, 'Eve' ]",
    'cleared: undefined and left alone: 1',
  ],
  'memcache-client': [
    ...["stored: [ 'STORED' ]", "read back: { name: 'Ada' }", 'a crafted key: ERR_MEMKEEP_INVALID_KEY'],
    "still there: { name: 'Ada' }",
  ],
  memjs: ['stored: true', 'read back: hello', 'absent: null'],
  'mutual-tls': ['we read: hello, friend', 'a stranger: ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED'],
  nestjs: ['computed: { apple: 10, computed: 1 }', 'from the cache: { apple: 10, computed: 2 }'],
  'one-call': [
    ...["read back: { name: 'Ada' }", 'without keys: 60 sealed bytes'],
    ...['a wrong password: ERR_MEMKEEP_AUTH_REJECTED', 'memcacheds:/ TypeError'],
    'memcached:// ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
  ],
  'password-rotation': [
    ...['in use: version 1', 'in use: version 2', 'version 3: ERR_MEMKEEP_AUTH_REJECTED'],
    'failed requests: 0',
  ],
  'python-reader': [
    'Python reads: Hello from Node, by aes-256-gcm',
    'Python reads: Hello from Node, by chacha20-poly1305',
    'Python reads: Hello from Node, by xchacha20-poly1305',
    '57 envelopes opened, 187 refused, as they should be',
  ],
  sasl: [
    'we read: hello, friend',
    'a stranger: ERR_MEMKEEP_AUTH_REQUIRED',
    'a wrong password: ERR_MEMKEEP_AUTH_REJECTED',
  ],
  'several-servers': [
    ...['read back: 100', 'raised: stored', 'and not twice: exists', 'visits: 1n 2n'],
    ...['a server was ejected', 'some are missed: true', 'failed: 0'],
  ],
  tls: ['we read: hello over TLS', 'the eavesdropper saw it: false'],
  'two-level-cache': ['from memory: 10', 'from memcached, after memory.ttl: 12'],
}

/** The environment, with colours off whoever wants them. */
const PLAIN = { ...process.env, FORCE_COLOR: '0' }

const names = readdirSync(HERE).filter((name) => existsSync(`${HERE}${name}/main.mjs`))

describe('the examples', () => {
  it('are all expected here', () => {
    expect(names.toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
  })

  it.each(names)('%s runs, prints what it should, and ends', async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [`${HERE}${name}/main.mjs`], {
      env: PLAIN,
    })
    for (const line of EXPECTED[name]) expect(stdout.split('\n')).toContain(line)
  })
})
