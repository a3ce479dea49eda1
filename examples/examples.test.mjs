import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** What each example must print. */
const EXPECTED = {
  'changed-password': [
    ...[
      'in use: version 1',
      'in use: version 2',
      'version 3: ERR_MEMKEEP_AUTH_REJECTED',
      'failed requests: 0',
    ],
  ],
  everything: ["read back: { name: 'Ada' }", 'wrapped: computed once / computed once', 'deleted: undefined'],
  encryption: [
    ...['we read: her address', 'a stranger finds the name: undefined', 'or reads the value: false'],
    ...['told: ERR_MEMKEEP_DECRYPT_FAILED', 'a swapped value: undefined', 'keys fit: true'],
  ],
  'python-reader': [
    'Python reads: Hello from Node, by aes-256-gcm',
    'Python reads: Hello from Node, by chacha20-poly1305',
    'Python reads: Hello from Node, by xchacha20-poly1305',
    '57 envelopes opened, 187 refused, as they should be',
  ],
  'rotated-certificates': [
    ...['shows: CN=service', 'in use from now on: CN=service-renewed'],
    ...['shows: CN=service-renewed on connections: 1', 'requests: many failed: 0'],
  ],
  'rotated-keys': [
    ...['distributed: 2 keys', 'promoted: true', 'retired too early: ERR_MEMKEEP_UNSAFE_ROTATION'],
    'reads: many misses: 0',
  ],
  'several-servers': [
    ...['read back: 100', 'raised: stored', 'and not twice: exists', 'visits: 1n 2n'],
    ...['a server was ejected', 'failed: 1'],
  ],
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
