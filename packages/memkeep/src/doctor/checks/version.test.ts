import { findMemcached, startMemcached } from '@memkeep/testkit'
import { asciiAuth } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import { idsOf, runChecks } from '../../../test/doctor/run-checks.ts'
import type { CheckContext, CheckResult } from '../check.ts'
import { RELEASES } from '../versions/releases.ts'
import { compareVersions, parseVersion } from '../versions/version.ts'
import { checkVersion, LATEST_RELEASE } from './version.ts'

/** A memcached as it is started without any option, on an address that others reach. */
const DEFAULTS = {
  inter: '0.0.0.0',
  udpport: '0',
  domain_socket: 'NULL',
  verbosity: '0',
  auth_enabled_sasl: 'no',
  auth_enabled_ascii: 'no',
  binding_protocol: 'auto-negotiate',
  dump_enabled: 'yes',
  ssl_enabled: 'no',
}

interface Known {
  readonly version: string | undefined
  /** Settings besides the defaults; undefined where they are not told. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  readonly toldTo?: 'stranger' | 'friend'
  readonly context?: Partial<CheckContext>
}

/** The check of a server of which this is known. */
function check({ version, toldTo = 'stranger', context, ...rest }: Known): Promise<CheckResult> {
  const told = 'settings' in rest ? rest.settings : {}
  const values = told === undefined ? undefined : new Map(Object.entries({ ...DEFAULTS, ...told }))
  return Promise.resolve(
    checkVersion({
      server: '192.0.2.1:11211',
      endpoint: { host: '192.0.2.1', port: 11_211 },
      address: '192.0.2.1',
      speaks: { plain: true, tls: false },
      strangerProtocol: 'text',
      version,
      readSettings: () => Promise.resolve(values === undefined ? undefined : { toldTo, values }),
      ...context,
    } as CheckContext),
  )
}

async function ids(known: Known): Promise<readonly string[]> {
  return idsOf({ findings: (await check(known)).findings ?? [] })
}

describe('checkVersion', () => {
  it('finds nothing in the newest release', async () => {
    expect(await check({ version: LATEST_RELEASE })).toEqual({
      facts: [{ name: 'Released', value: RELEASES[LATEST_RELEASE] }],
      findings: [],
      unknowns: [],
    })
  })

  it.each([
    [
      '1.4.32',
      [
        'binary-length-desync medium',
        'binary-refcount-overflow high',
        'cve-2016-8704 critical',
        'cve-2017-9951 medium',
        'cve-2018-1000127 medium',
        'outdated low',
      ],
    ],
    [
      '1.6.2',
      [
        'binary-length-desync medium',
        'binary-refcount-overflow high',
        'cve-2020-22570 medium',
        'outdated low',
      ],
    ],
    ['1.6.18', ['binary-length-desync medium', 'binary-refcount-overflow high', 'outdated low']],
    [
      '1.6.38',
      [
        'binary-length-desync medium',
        'binary-refcount-overflow high',
        'dump-overflow high',
        'slabs-automove-crash medium',
        'slabs-reassign-crash medium',
      ],
    ],
    ['1.6.43', ['dump-overflow high', 'slabs-automove-crash medium']],
    ['1.6.44', ['slabs-automove-crash medium']],
  ])('finds in %s with defaults what it is known for', async (version, expected) => {
    expect(await ids({ version })).toEqual(expected)
  })

  it('finds the hang of pipelined writes where TLS is spoken, until 1.6.39', async () => {
    const context = { speaks: { plain: false, tls: true } }
    expect(await ids({ version: '1.6.38', context })).toContain('tls-pipelining-hang medium')
    expect(await ids({ version: '1.6.38', settings: { ssl_enabled: 'yes' } })).toContain(
      'tls-pipelining-hang medium',
    )
    expect(await ids({ version: '1.6.39', context })).not.toContain('tls-pipelining-hang medium')
    expect(await ids({ version: '1.6.38' })).not.toContain('tls-pipelining-hang medium')
  })

  it('leaves out what a setting rules out', async () => {
    const settings = { binding_protocol: 'ascii', dump_enabled: 'no' }
    expect(await ids({ version: '1.6.43', settings })).toEqual(['slabs-automove-crash medium'])
    expect(await ids({ version: '1.6.2', settings })).toEqual(['cve-2020-22570 medium', 'outdated low'])
  })

  it('is milder where a condition cannot be seen, and says which', async () => {
    const { findings = [] } = await check({ version: '1.6.41', settings: { auth_enabled_sasl: 'yes' } })
    expect(findings.find(({ id }) => id === 'cve-2026-47783')).toMatchObject({
      severity: 'low',
      detail:
        'memcached 1.6.41, if its users are in the file of MEMCACHED_SASL_PWDB, CVE-2026-47783 and CVE-2026-47784',
    })
  })

  it('is milder for what strangers may not do, unless it takes no command', async () => {
    const known = {
      version: '1.6.43',
      toldTo: 'friend',
      settings: { auth_enabled_ascii: '/etc/users' },
    } as const
    expect(await ids(known)).toEqual([
      'cve-2026-90698 high',
      'dump-overflow medium',
      'slabs-automove-crash low',
    ])
    const unseen = {
      version: '1.6.41',
      settings: undefined,
      context: { strangerProtocol: 'binary' },
    } as const
    expect(await ids(unseen)).toContain('binary-refcount-overflow medium')
    expect(await ids(unseen)).toContain('dump-overflow low')
  })

  it('is milder on a server that one machine alone reaches', async () => {
    const { findings = [] } = await check({
      version: '1.6.38',
      settings: { inter: '127.0.0.1' },
      context: { address: '127.0.0.1' },
    })
    expect(findings.find(({ id }) => id === 'dump-overflow')).toMatchObject({ severity: 'low' })
    // which harms its own clients, wherever they are
    const over = { speaks: { plain: false, tls: true }, address: '127.0.0.1' }
    expect(await ids({ version: '1.6.38', settings: { inter: '127.0.0.1' }, context: over })).toContain(
      'tls-pipelining-hang medium',
    )
  })

  it('names the version, the source and the cure', async () => {
    const { findings = [] } = await check({ version: '1.6.43' })
    expect(findings[0]).toMatchObject({
      id: 'dump-overflow',
      detail: "memcached 1.6.43, mended by memcached's commit 7eeac6e9a",
      evidence: [{ sent: 'version', received: 'VERSION 1.6.43' }],
      cure: `Upgrade to memcached 1.6.44 or later; ${LATEST_RELEASE} is the newest known here. Until then, forbid dumps of keys with \`-X\`.`,
    })
  })

  it('says that the version alone is the evidence, where it found something', async () => {
    expect((await check({ version: '1.6.18' })).unknowns?.[0]).toMatch(
      /^Distributions mend faults without changing the version/,
    )
  })

  it.each([
    ['1.4.0', true],
    ['1.2.8', true],
    ['1.6.29', true],
    // two years before the table, to the day
    ['1.6.31', true],
    ['1.6.32', false],
  ])('takes %s for outdated: %s', async (version, expected) => {
    expect((await ids({ version })).includes('outdated low')).toBe(expected)
  })

  it('does not claim to know a newer memcached', async () => {
    expect(await check({ version: '1.7.2' })).toEqual({
      facts: [],
      findings: [],
      unknowns: [expect.stringContaining('What was found out about memcached since')],
    })
  })

  it('does not take another server for memcached', async () => {
    for (const version of ['mcrouter', '1.6', '9']) {
      expect(await check({ version })).toEqual({
        unknowns: [
          `What is known to be wrong with version "${version}": it is none of memcached's, so this is a proxy, or another server that speaks its protocol.`,
        ],
      })
    }
    expect(await check({ version: undefined })).toEqual({
      unknowns: ['The version, and what is known to be wrong with it: the server does not tell it.'],
    })
  })

  it('knows the memcached that is installed, with the preconditions of how it was started', async () => {
    const { version } = await findMemcached()
    const before = (fixedIn: string): boolean =>
      compareVersions(parseVersion(version) ?? [0, 0, 0], parseVersion(fixedIn) ?? [0, 0, 0]) < 0
    await using plain = await startMemcached('plain')
    await using locked = await startMemcached('tls+ascii-auth')
    const open = await runChecks(plain.address, [checkVersion])
    const hang = expect.objectContaining({ id: 'tls-pipelining-hang', severity: 'medium' }) as unknown
    const crash = expect.objectContaining({ id: 'ascii-auth-crash' }) as unknown
    expect(open.findings).not.toContainEqual(hang)
    expect(open.findings).not.toContainEqual(crash)
    const { credentials } = locked
    if (credentials === undefined) throw new Error('the posture has no credentials')
    const friend = await runChecks(locked.address, [checkVersion], {
      transport: tls(locked.clientTls),
      auth: asciiAuth(credentials),
    })
    for (const [finding, fixedIn] of [
      [hang, '1.6.39'],
      [crash, '1.6.42'],
    ] as const) {
      if (before(fixedIn)) expect(friend.findings).toContainEqual(finding)
      else expect(friend.findings).not.toContainEqual(finding)
    }
  })
})
