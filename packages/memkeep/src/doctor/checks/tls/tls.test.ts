import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEndpoint } from '@memkeep/core'
import { createPki, findServerFeatures, startMemcached, type StartOptions } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, describe, expect, test } from 'vitest'
import { lowestTls } from '../../../../test/doctor/lowest-tls.ts'
import type { CheckContext, CheckResult } from '../../check.ts'
import { openServerAudit, type ServerAuditOptions } from '../../engine/server-audit.ts'
import { SEVERITIES } from '../../finding.ts'
import { checkTls } from './index.ts'

const { minTlsVersion } = await findServerFeatures()
const pki = await createPki()
const folder = await mkdtemp(join(tmpdir(), 'memkeep-test-'))
afterAll(() => rm(folder, { recursive: true }))

const caFile = join(folder, 'ca.pem')
await writeFile(caFile, pki.ca)
const trusting = { transport: tls({ ca: pki.ca, watchInterval: 0 }) }
/** TLS 1.3 alone, of which nothing is to be found. */
const strict = await lowestTls({ folder, lowest: 3 })

async function check(
  address: string,
  options: ServerAuditOptions = trusting,
  change: (context: CheckContext) => CheckContext = (context) => context,
): Promise<CheckResult> {
  const opened = await openServerAudit(parseEndpoint(address), options, new AbortController().signal)
  if (typeof opened === 'string') throw new Error(opened)
  try {
    return await checkTls(change(opened.context))
  } finally {
    opened.close()
  }
}

async function report(start: StartOptions): Promise<CheckResult> {
  await using server = await startMemcached('tls', { pki, ...start })
  return await check(server.address)
}

/** What is found, the worst first, as `severity id: detail`. */
function found({ findings = [] }: CheckResult): readonly string[] {
  return SEVERITIES.flatMap((severity) =>
    findings
      .filter((each) => each.severity === severity)
      .map(({ id, detail }) => `${severity} ${id}${detail === '' ? '' : `: ${detail}`}`),
  )
}

function fact({ facts = [] }: CheckResult, name: string): string | undefined {
  return facts.find((each) => each.name === name)?.value
}

describe('versions and cipher suites', () => {
  test('nothing is found where TLS 1.3 alone is spoken', async () => {
    const seen = await report(strict)
    expect(found(seen)).toEqual([])
    expect(fact(seen, 'TLS')).toBe('TLS 1.3')
    expect(fact(seen, 'TLS 1.3 suites')).toBe(
      'TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256',
    )
    expect(fact(seen, 'Chain')).toBe('trusted by the authorities that were given')
    expect(fact(seen, 'Session resumption')).toBe('TLS 1.3 by ticket')
  })

  test('memcached as it comes takes CBC, and gives out tickets', async () => {
    const seen = await report({})
    expect(found(seen)).toEqual([
      'low tls-cbc: TLS 1.2: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
      'info tls-1.2-session-tickets',
    ])
    expect(fact(seen, 'TLS')).toBe('TLS 1.2, TLS 1.3')
    expect(fact(seen, 'Session resumption')).toBe('TLS 1.2 by ticket, TLS 1.3 by ticket')
  })

  test('the cure of weak suites cures them', async () => {
    const args = ['-o', 'ssl_ciphers=ECDHE+AESGCM:ECDHE+CHACHA20']
    const serverCertificate = await pki.issueServer({ keyType: 'RSA-2048' })
    const seen = await report({ args, serverCertificate })
    expect(found(seen)).toEqual(['info tls-1.2-session-tickets'])
    expect(fact(seen, 'TLS 1.2 suites')).toBe(
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    )
  })

  test('an RSA key brings suites without forward secrecy', async () => {
    const seen = await report({ serverCertificate: await pki.issueServer({ keyType: 'RSA-2048' }) })
    expect(found(seen).map((each) => each.split(':')[0])).toEqual([
      'low tls-no-forward-secrecy',
      'low tls-cbc',
      'info tls-1.2-session-tickets',
    ])
    expect(found(seen)[0]).toContain('TLS_RSA_WITH_AES_256_GCM_SHA384')
    expect(found(seen)[0]).not.toContain('ECDHE')
  })

  test('old versions are named where memcached accepts them', async () => {
    const seen = await report(
      await lowestTls({ folder, lowest: 0, suboptions: 'ssl_ciphers=ECDHE:!eNULL:@SECLEVEL=0' }),
    )
    if (!minTlsVersion) {
      // it refuses them whatever OpenSSL is told
      expect(fact(seen, 'TLS')).toBe('TLS 1.2, TLS 1.3')
      expect(found(seen).map((each) => each.split(':')[0])).toEqual([
        'low tls-cbc',
        'info tls-1.2-session-tickets',
      ])
      return
    }
    expect(found(seen).map((each) => each.slice(0, 60))).toEqual(
      [
        'medium tls-old-version: TLS 1.0, TLS 1.1',
        'low tls-cbc: TLS 1.0, TLS 1.1: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, ',
        'info tls-1.2-session-tickets',
      ].map((each) => each.slice(0, 60)),
    )
    expect(fact(seen, 'TLS')).toBe('TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3')
    const old = seen.findings?.find(({ id }) => id === 'tls-old-version')
    expect(old?.evidence).toEqual([
      { sent: 'ClientHello TLS 1.0', received: 'ServerHello TLS 1.0 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA' },
      { sent: 'ClientHello TLS 1.1', received: 'ServerHello TLS 1.1 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA' },
    ])
  })

  test('suites without encryption and without a certificate are critical', async () => {
    const args = ['-o', 'ssl_ciphers=ECDHE+AESGCM:eNULL:aNULL:@SECLEVEL=0']
    const serverCertificate = await pki.issueServer({ keyType: 'RSA-2048' })
    const seen = await report({ args, serverCertificate })
    expect(found(seen)).toEqual([
      'critical tls-null-cipher: TLS 1.2: TLS_RSA_WITH_NULL_MD5, TLS_RSA_WITH_NULL_SHA, TLS_RSA_WITH_NULL_SHA256, TLS_ECDHE_RSA_WITH_NULL_SHA, TLS_ECDH_anon_WITH_NULL_SHA',
      'critical tls-anonymous-cipher: TLS 1.2: TLS_ECDH_anon_WITH_AES_128_CBC_SHA, TLS_ECDH_anon_WITH_AES_256_CBC_SHA',
      'info tls-1.2-session-tickets',
    ])
  })
})

describe('the client certificate', () => {
  test('is not asked for', async () => {
    const seen = await report(strict)
    expect(fact(seen, 'Client certificate')).toBe('not asked for')
  })

  test.each([2, 3] as const)(
    'asked for and not required is a finding, with ssl_min_version=%s',
    async (lowest) => {
      const suboptions = `ssl_verify_mode=1,ssl_ca_cert=${caFile},ssl_ciphers=ECDHE+AESGCM`
      const seen = await report(await lowestTls({ folder, lowest, suboptions }))
      expect(found(seen).filter((each) => !each.includes('tickets'))).toEqual([
        'medium client-certificate-optional',
      ])
      expect(fact(seen, 'Client certificate')).toBe('asked for, not required')
    },
  )

  test.each([2, 3] as const)('required is no finding, with ssl_min_version=%s', async (lowest) => {
    const options = await lowestTls({ folder, lowest, suboptions: 'ssl_ciphers=ECDHE+AESGCM' })
    await using server = await startMemcached('mutual-tls', { pki, ...options })
    const stranger = await check(server.address, {})
    const friend = await check(server.address, {
      transport: tls({ ca: pki.ca, ...pki.client, watchInterval: 0 }),
    })
    for (const seen of [stranger, friend]) {
      expect(found(seen)).toEqual([])
      expect(fact(seen, 'Client certificate')).toBe('required')
    }
  })
})

describe('without TLS', () => {
  test('on loopback it is told, and no more', async () => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address, {})
    expect(found(seen)).toEqual(['info no-tls: on loopback, where only this machine is on the way'])
  })

  test('on a Unix socket nobody is in between', async () => {
    await using server = await startMemcached('plain', { unixSocket: true })
    const seen = await check(server.address, {})
    expect(found(seen)).toEqual([])
    expect(fact(seen, 'TLS')).toBe('none, and none needed on a Unix socket')
  })

  test.each([
    ['127.0.0.1', 'info no-tls: on loopback, where only this machine is on the way'],
    ['10.0.0.5', 'high no-tls'],
    ['NULL', 'high no-tls'],
    ['203.0.113.9', 'critical no-tls'],
  ])('is worse the further it is heard: %s', async (inter, finding) => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address, {}, (context) => ({
      ...context,
      readSettings: () => Promise.resolve({ toldTo: 'stranger', values: new Map([['inter', inter]]) }),
    }))
    expect(found(seen)).toEqual([finding])
  })
})
