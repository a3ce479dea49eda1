import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEndpoint } from '@memkeep/core'
import { createPki, startMemcached, type CertificatePair } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, expect, test } from 'vitest'
import { lowestTls } from '../../../../test/doctor/lowest-tls.ts'
import type { CheckResult } from '../../check.ts'
import { openServerAudit, type ServerAuditOptions } from '../../engine/server-audit.ts'
import { checkTls } from './index.ts'

const DAY = 86_400_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY)

const pki = await createPki()
const otherPki = await createPki()
const self = await pki.issueServer({ selfSigned: true })
const revoked = await pki.issueServer()
const crl = await pki.revoke([revoked.cert])
const middle = await pki.issueAuthority({ commonName: 'middle' })
const below = await middle.issueServer()

const folder = await mkdtemp(join(tmpdir(), 'memkeep-test-'))
afterAll(() => rm(folder, { recursive: true }))
const trusting = { transport: tls({ ca: pki.ca, watchInterval: 0, warnBefore: 0 }) }

/** OpenSSL tells what it found last. */
const HIDDEN = /^Whether the authority of its certificate is trusted/

interface Case {
  readonly name: string
  readonly certificate: () => Promise<CertificatePair>
  readonly options?: ServerAuditOptions
  /** Has OpenSSL of the server accept it. */
  readonly weak?: boolean
  readonly findings: readonly (string | RegExp)[]
  readonly unknowns?: readonly RegExp[]
}

const cases: readonly Case[] = [
  {
    name: 'expired',
    certificate: () => pki.issueServer({ notBefore: inDays(-30), notAfter: inDays(-1) }),
    findings: [/^high certificate-expired: since \d{4}-\d\d-\d\d$/],
    unknowns: [HIDDEN],
  },
  {
    name: 'not yet valid',
    certificate: () => pki.issueServer({ notBefore: inDays(1), notAfter: inDays(90) }),
    findings: [/^high certificate-not-yet-valid: before \d{4}-\d\d-\d\d$/],
    unknowns: [HIDDEN],
  },
  {
    name: 'that expires soon',
    certificate: () => pki.issueServer({ notBefore: inDays(-85), notAfter: inDays(5.5) }),
    findings: [/^medium certificate-expires-soon: in 5 days, on \d{4}-\d\d-\d\d$/],
  },
  {
    name: 'that lives for a day, most of it to come',
    certificate: () => pki.issueServer({ notBefore: inDays(-0.2), notAfter: inDays(0.8) }),
    findings: [],
  },
  {
    name: 'for another name',
    certificate: () => pki.issueServer({ hosts: ['cache.example', '192.0.2.1'] }),
    findings: ['high certificate-wrong-name: for DNS:cache.example, IP Address:192.0.2.1, not 127.0.0.1'],
  },
  {
    name: 'for the name that the friend expects',
    certificate: () => pki.issueServer({ hosts: ['cache.example'] }),
    options: { transport: tls({ ca: pki.ca, servername: 'cache.example', watchInterval: 0 }) },
    findings: [],
  },
  {
    name: 'for no name but the common one',
    certificate: () => pki.issueServer({ hosts: [], commonName: '127.0.0.1' }),
    findings: ['high certificate-wrong-name: for no name in a subjectAltName, not 127.0.0.1'],
  },
  {
    name: 'signed by itself',
    certificate: () => Promise.resolve(self),
    findings: ['medium certificate-self-signed'],
  },
  {
    name: 'signed by itself, seen by a stranger alone',
    certificate: () => Promise.resolve(self),
    options: {},
    findings: ['medium certificate-self-signed'],
  },
  {
    name: 'signed by itself, and given as the one to trust',
    certificate: () => Promise.resolve(self),
    options: { transport: tls({ ca: self.cert, watchInterval: 0 }) },
    findings: [],
  },
  {
    name: 'of an authority that nobody said to trust',
    certificate: () => pki.issueServer(),
    options: {},
    findings: [],
    unknowns: [/^Whether clients trust its certificate: "CN=Memkeep test CA \w+" issued it/],
  },
  {
    name: 'of another authority than the trusted one',
    certificate: () => otherPki.issueServer(),
    findings: [/^high certificate-untrusted: issued by CN=Memkeep test CA \w+$/],
  },
  {
    name: 'without the one in between',
    certificate: () => Promise.resolve(below),
    findings: [/^high certificate-untrusted: issued by CN=middle \w+$/],
  },
  {
    name: 'with the one in between',
    certificate: () => Promise.resolve({ cert: below.cert + middle.ca, key: below.key }),
    findings: [],
  },
  {
    name: 'issued by one that may not',
    certificate: async () => {
      const none = await pki.issueAuthority({ commonName: 'none', isAuthority: false })
      const { cert, key } = await none.issueServer()
      return { cert: cert + none.ca, key }
    },
    findings: ['high certificate-invalid-chain: it, or one above it'],
    unknowns: [HIDDEN],
  },
  {
    name: 'for clients',
    certificate: () => pki.issueClient(),
    findings: [
      'high certificate-wrong-name: for no name in a subjectAltName, not 127.0.0.1',
      'medium certificate-wrong-purpose: it, or one above it',
    ],
    unknowns: [HIDDEN],
  },
  {
    name: 'that is revoked',
    certificate: () => Promise.resolve(revoked),
    options: { transport: tls({ ca: pki.ca, crl, watchInterval: 0 }) },
    findings: ['high certificate-revoked: it, or one above it'],
    unknowns: [HIDDEN],
  },
  {
    name: 'without a pinned key',
    certificate: () => pki.issueServer(),
    options: {
      transport: tls({
        ca: pki.ca,
        pins: [`sha256/${Buffer.alloc(32).toString('base64')}`],
        watchInterval: 0,
      }),
    },
    findings: ['high certificate-pin-mismatch: it, or one above it'],
  },
  {
    name: 'with a key of RSA-1024',
    certificate: () => pki.issueServer({ keyType: 'RSA-1024' }),
    weak: true,
    findings: ['high certificate-weak-key: RSA 1024'],
    unknowns: [HIDDEN],
  },
  {
    name: 'signed over SHA-1',
    certificate: () => pki.issueServer({ hash: 'SHA-1' }),
    weak: true,
    findings: ['medium certificate-weak-signature: SHA-1 on CN=memcached'],
    unknowns: [HIDDEN],
  },
  {
    name: 'below one that is signed over SHA-1',
    certificate: async () => {
      const weak = await pki.issueAuthority({ commonName: 'weak', hash: 'SHA-1' })
      const { cert, key } = await weak.issueServer()
      return { cert: cert + weak.ca, key }
    },
    weak: true,
    findings: [/^medium certificate-weak-signature: SHA-1 on CN=weak \w+$/],
    unknowns: [HIDDEN],
  },
  {
    name: 'with everything wrong',
    certificate: () =>
      otherPki.issueServer({
        keyType: 'RSA-1024',
        hash: 'SHA-1',
        hosts: ['cache.example'],
        notBefore: inDays(-30),
        notAfter: inDays(-1),
      }),
    weak: true,
    findings: [
      /^high certificate-expired: /,
      /^high certificate-wrong-name: /,
      /^high certificate-weak-key: /,
      /^medium certificate-weak-signature: /,
    ],
    unknowns: [HIDDEN],
  },
]

test.each(cases)(
  'a certificate $name',
  async ({ certificate, options = trusting, weak = false, findings, unknowns = [] }) => {
    await using server = await startMemcached('tls', {
      pki,
      // of TLS 1.3 alone nothing is to be found
      ...(await lowestTls({ folder, lowest: 3, weak })),
      serverCertificate: await certificate(),
    })
    const seen = await check(server.address, options)
    const found = seen.findings?.map(
      ({ severity, id, detail }) => `${severity} ${id}${detail === '' ? '' : `: ${detail}`}`,
    )
    expect(found).toEqual(
      findings.map((each) => (typeof each === 'string' ? each : (expect.stringMatching(each) as string))),
    )
    expect(seen.unknowns?.filter((each) => each.includes('its certificate'))).toEqual(
      unknowns.map((each) => expect.stringMatching(each) as string),
    )
  },
)

test('a certificate that is for the name goes by the name', async () => {
  const serverCertificate = await pki.issueServer({ hosts: ['localhost'] })
  await using server = await startMemcached('tls', {
    pki,
    serverCertificate,
    ...(await lowestTls({ folder, lowest: 3 })),
  })
  const byName = await check(`localhost:${String(server.port)}`, trusting)
  const byAddress = await check(server.address, trusting)
  expect(byName.findings).toEqual([])
  expect(byAddress.findings?.map(({ id }) => id)).toEqual(['certificate-wrong-name'])
})

async function check(address: string, options: ServerAuditOptions): Promise<CheckResult> {
  const opened = await openServerAudit(parseEndpoint(address), options, new AbortController().signal)
  if (typeof opened === 'string') throw new Error(opened)
  try {
    return await checkTls(opened.context)
  } finally {
    opened.close()
  }
}
