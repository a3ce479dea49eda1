import { tcp } from '@memkeep/core'
import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  findServerFeatures,
  partsOf,
  POSTURES,
  startMemcached,
  type MemcachedServer,
  type Posture,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, test } from 'vitest'
import { idsOf, runChecks } from '../../../test/doctor/run-checks.ts'
import type { ServerAuditOptions } from '../engine/server-audit.ts'
import { checkAuthentication } from './authentication/index.ts'
import { checkData } from './data/index.ts'
import { checkDisclosure } from './disclosure/index.ts'

const { shutdownSetting } = await findServerFeatures()

const CHECKS = [checkAuthentication, checkDisclosure, checkData]

/** What a server that lets strangers run commands shows; on loopback, so that nothing is as bad as it can be. */
const OPEN = [
  'anonymous-commands medium',
  'flush-open low',
  'key-names-open low',
  'settings-open info',
  'stats-open info',
  'verbosity-open info',
  'watch-open low',
]

/** The findings that each posture should have in these areas, and no others. */
const FINDINGS: Readonly<Record<Posture, readonly string[]>> = {
  plain: OPEN,
  tls: OPEN,
  'mutual-tls': [],
  'ascii-auth': ['ascii-auth-without-tls low'],
  sasl: ['no-scram low', 'plain-without-tls low', 'sasl-without-tls low'],
  'tls+ascii-auth': [],
  'tls+sasl': ['no-scram low'],
  'mutual-tls+sasl': ['no-scram low'],
}

/** What `active` adds to them. */
const MORE_WHEN_ACTIVE: Readonly<Record<Posture, readonly string[]>> = {
  plain: ['strangers-write medium'],
  tls: ['strangers-write medium'],
  'mutual-tls': [],
  'ascii-auth': ['no-brute-force-delay info'],
  sasl: ['no-brute-force-delay info'],
  'tls+ascii-auth': ['no-brute-force-delay info'],
  'tls+sasl': ['no-brute-force-delay info'],
  // no stranger gets as far as to try a password
  'mutual-tls+sasl': [],
}

const AUTHENTICATION: Readonly<Record<Posture, string>> = {
  plain: 'none',
  tls: 'none',
  'mutual-tls': 'client certificate',
  'ascii-auth': 'ASCII authentication',
  sasl: 'SASL (PLAIN)',
  'tls+ascii-auth': 'ASCII authentication',
  'tls+sasl': 'SASL (PLAIN)',
  'mutual-tls+sasl': 'client certificate and SASL (PLAIN)',
}

function friendOf({ posture, clientTls, credentials }: MemcachedServer): ServerAuditOptions {
  const { tls: withTls, auth } = partsOf(posture)
  return {
    transport: withTls ? tls(clientTls) : tcp(),
    ...(credentials !== undefined && { auth: (auth === 'sasl' ? sasl : asciiAuth)(credentials) }),
  }
}

describe.concurrent.each(POSTURES)('%s', (posture) => {
  test('has the findings that it should have, and no others', async () => {
    await using server = await startMemcached(posture)
    const outcome = await runChecks(server.address, CHECKS, friendOf(server))
    expect(idsOf(outcome)).toEqual(FINDINGS[posture])
    expect(outcome.facts).toContainEqual({ name: 'Authentication', value: AUTHENTICATION[posture] })
    const hidden = OPEN === FINDINGS[posture] && !shutdownSetting
    expect(outcome.unknowns).toEqual([
      ...(partsOf(posture).auth === 'sasl' ? [expect.stringContaining('the binary protocol') as string] : []),
      ...(hidden ? [expect.stringContaining('(-A): this version does not tell') as string] : []),
    ])
    for (const { title, why, cure, detail, evidence } of outcome.findings) {
      expect(evidence.length).toBeGreaterThan(0)
      for (const text of [title, why, cure]) expect(text).not.toBe('')
      const said = JSON.stringify([detail, evidence])
      if (server.credentials !== undefined) expect(said).not.toContain(server.credentials.password)
    }

    const active = await runChecks(server.address, CHECKS, { ...friendOf(server), active: true })
    expect(idsOf(active)).toEqual([...FINDINGS[posture], ...MORE_WHEN_ACTIVE[posture]].sort())
    expect(active.unknowns).toEqual(outcome.unknowns)
  })
})

test.concurrent.each([
  // the socket lies in a folder that others may not enter
  ['plain', OPEN.map((finding) => finding.replace(/\w+$/, 'info'))],
  ['sasl', ['no-scram low']],
  ['ascii-auth', []],
] as const)('a Unix socket is no network, and needs no TLS: %s', async (posture, findings) => {
  await using server = await startMemcached(posture, { unixSocket: true })
  expect(idsOf(await runChecks(server.address, CHECKS))).toEqual(findings)
})
