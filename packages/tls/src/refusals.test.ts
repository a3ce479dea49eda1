import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { openChannel, parseEndpoint } from '@memkeep/core'
import { createPki, startFaultServer, startMemcached, type CertificatePair, type Pki } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { onlyVersion } from '../test/only-version.ts'
import { opens, refused } from '../test/opens.ts'
import type { TlsOptions } from './options.ts'
import { tls } from './tls.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

const DAY = 86_400_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-refusals-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface ServerRow {
  readonly what: string
  readonly code: string
  readonly advice: RegExp
  readonly certificate: (pki: Pki) => Promise<CertificatePair> | CertificatePair
  /** What the client has. Default: it trusts the authority. */
  readonly options?: (pki: Pki, server: CertificatePair) => Promise<TlsOptions> | TlsOptions
  /** Default: the address. */
  readonly host?: string
}

const chained = ({ cert, key }: CertificatePair, ...above: string[]): CertificatePair => ({
  cert: cert + above.join(''),
  key,
})

const SERVER_ROWS: readonly ServerRow[] = [
  {
    what: 'is expired',
    code: 'TLS_CERTIFICATE_EXPIRED',
    advice: /renew it on the server/,
    certificate: (pki) => pki.issueServer({ notBefore: inDays(-20), notAfter: inDays(-1) }),
  },
  {
    what: 'is not yet valid',
    code: 'TLS_CERTIFICATE_NOT_YET_VALID',
    advice: /correct this machine's clock/,
    certificate: (pki) => pki.issueServer({ notBefore: inDays(1), notAfter: inDays(20) }),
  },
  {
    what: 'is signed by itself',
    code: 'TLS_SELF_SIGNED',
    advice: /have an authority issue it/,
    certificate: (pki) => pki.issueServer({ selfSigned: true }),
  },
  {
    what: 'comes from an unknown authority, which the server sends too',
    code: 'TLS_UNKNOWN_CA',
    advice: /hand in that authority's certificate as "ca"/,
    certificate: (pki) => chained(pki.server, pki.ca),
    options: async () => ({ ca: (await createPki()).ca }),
  },
  {
    what: 'comes through an intermediate from an unknown authority',
    code: 'TLS_UNKNOWN_CA',
    advice: /hand in that authority's certificate as "ca"/,
    certificate: async (pki) => {
      const intermediate = await pki.issueAuthority()
      return chained(await intermediate.issueServer(), intermediate.ca)
    },
    options: () => ({}),
  },
  {
    what: 'comes alone from an unknown authority',
    code: 'TLS_INCOMPLETE_CHAIN',
    advice: /hand in that authority's certificate as "ca"/,
    certificate: (pki) => pki.server,
    options: () => ({}),
  },
  {
    what: 'comes without its intermediate',
    code: 'TLS_INCOMPLETE_CHAIN',
    advice: /have the server send the one in between \(ssl_chain_cert\)/,
    certificate: async (pki) => (await pki.issueAuthority()).issueServer(),
  },
  {
    what: 'is for another host',
    code: 'TLS_HOSTNAME_MISMATCH',
    advice: /is for DNS:cache\.example, not for "localhost": connect by a name that it has/,
    certificate: (pki) => pki.issueServer({ hosts: ['cache.example'] }),
    host: 'localhost',
  },
  {
    what: 'is for the host that an address was written for',
    code: 'TLS_IP_MISMATCH',
    advice: /not for the IP address 127\.0\.0\.1: connect by a name that it has/,
    certificate: (pki) => pki.issueServer({ hosts: ['localhost'] }),
  },
  {
    what: 'is for another IP address',
    code: 'TLS_IP_MISMATCH',
    advice: /issue it again with subjectAltName=IP:127\.0\.0\.1/,
    certificate: (pki) => pki.issueServer({ hosts: ['192.0.2.1'] }),
  },
  {
    what: 'has its host in the common name alone',
    code: 'TLS_NO_SUBJECT_ALT_NAME',
    advice: /issue it again with subjectAltName=DNS:localhost/,
    certificate: (pki) => pki.issueServer({ commonName: 'localhost', hosts: [] }),
    host: 'localhost',
  },
  {
    what: 'has its host in the common name, and another kind of name beside it',
    code: 'TLS_HOSTNAME_MISMATCH',
    advice: /is for IP Address:127\.0\.0\.1/,
    certificate: (pki) => pki.issueServer({ commonName: 'localhost', hosts: ['127.0.0.1'] }),
    host: 'localhost',
  },
  {
    what: 'is revoked',
    code: 'TLS_CERTIFICATE_REVOKED',
    advice: /give the server another one/,
    certificate: (pki) => pki.server,
    options: async (pki, { cert }) => ({ ca: pki.ca, crl: await pki.revoke([cert]) }),
  },
  {
    what: 'cannot be looked up, for the list is out of date',
    code: 'TLS_CRL_UNUSABLE',
    advice: /hand in a list of each authority/,
    certificate: (pki) => pki.server,
    options: async (pki) => ({
      ca: pki.ca,
      crl: await pki.revoke([], { thisUpdate: inDays(-3), nextUpdate: inDays(-1) }),
    }),
  },
  {
    what: "cannot be looked up, for its authority's list is missing",
    code: 'TLS_CRL_UNUSABLE',
    advice: /hand in a list of each authority/,
    certificate: (pki) => pki.server,
    options: async (pki) => ({ ca: pki.ca, crl: await (await createPki()).revoke([]) }),
  },
  {
    what: 'has a key of 1024 bits',
    code: 'TLS_WEAK_KEY',
    advice: /use RSA of 2048 bits or more, or P-256/,
    certificate: (pki) => pki.issueServer({ keyType: 'RSA-1024' }),
  },
  {
    what: 'comes from an authority with a key of 1024 bits',
    code: 'TLS_WEAK_KEY',
    advice: /use RSA of 2048 bits or more, or P-256/,
    certificate: async (pki) => {
      const intermediate = await pki.issueAuthority({ keyType: 'RSA-1024' })
      return chained(await intermediate.issueServer(), intermediate.ca)
    },
  },
  {
    what: 'is signed by SHA-1',
    code: 'TLS_WEAK_SIGNATURE',
    advice: /issue it again with SHA-256/,
    certificate: (pki) => pki.issueServer({ hash: 'SHA-1' }),
  },
  {
    what: 'is for clients',
    code: 'TLS_WRONG_PURPOSE',
    advice: /issue it again with extendedKeyUsage=serverAuth/,
    certificate: (pki) => pki.client,
  },
  {
    what: 'is issued by one that is no authority',
    code: 'TLS_INVALID_CHAIN',
    advice: /have an authority with basicConstraints CA:true issue it/,
    certificate: async (pki) => {
      const intermediate = await pki.issueAuthority({ isAuthority: false })
      return chained(await intermediate.issueServer(), intermediate.ca)
    },
  },
  {
    what: 'has none of the pinned keys',
    code: 'TLS_PIN_MISMATCH',
    advice: /seen: sha256\/[A-Za-z0-9+/]{43}=, sha256\/.*pin one of these/,
    certificate: (pki) => pki.server,
    options: (pki) => ({ ca: pki.ca, pins: [`sha256/${'A'.repeat(43)}=`] }),
  },
]

describe.each(VERSIONS)("a server's certificate is refused on %s when it", (version) => {
  it.each(SERVER_ROWS)('$what: $code', async ({ certificate, options, host, code, advice }) => {
    const pki = await createPki()
    const serverCertificate = await certificate(pki)
    const env = await onlyVersion(version, folder)
    await using server = await startMemcached('tls', { pki, serverCertificate, env })
    const given = await (options ?? (() => ({ ca: pki.ca })))(pki, serverCertificate)
    const address = `${host ?? server.host}:${String(server.port)}`
    await refused(opens(address, given), code, advice)
    // the same server is let in by who trusts anybody: nothing but the certificate kept it out
    await opens(address, { dangerouslySkipVerification: true })
  })
})

describe.each(VERSIONS)('a client is refused on %s, at connect, every time, for', (version) => {
  const TIMES = 10

  it.each([
    {
      what: 'having no certificate',
      code: 'TLS_CLIENT_CERTIFICATE_REQUIRED',
      advice: /hand in "cert" and "key"/,
      client: () => undefined,
    },
    {
      what: 'a certificate of another authority',
      code: 'TLS_CLIENT_CERTIFICATE_REJECTED',
      advice: /from an authority that the server trusts/,
      client: async () => (await createPki()).client,
    },
    {
      what: "a server's certificate",
      code: 'TLS_CLIENT_CERTIFICATE_REJECTED',
      advice: /from an authority that the server trusts/,
      client: (pki: Pki) => pki.server,
    },
  ])('$what: $code', async ({ client, code, advice }) => {
    const env = await onlyVersion(version, folder)
    await using server = await startMemcached('mutual-tls', { env })
    const pair = await client(server.pki)
    for (let time = 0; time < TIMES; time++) {
      await refused(opens(server.address, { ca: server.pki.ca, ...pair }), code, advice)
    }
    await opens(server.address, server.clientTls)
  })

  it('a certificate that expired since it was loaded: TLS_CLIENT_CERTIFICATE_EXPIRED', async () => {
    const env = await onlyVersion(version, folder)
    await using server = await startMemcached('mutual-tls', { env })
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000)
    const { ca } = server.pki
    using transport = tls({ ca, ...(await server.pki.issueClient({ notAfter })), warnBefore: 0 })
    const attempt = async (): Promise<void> => {
      const signal = AbortSignal.timeout(10_000)
      const channel = await openChannel(parseEndpoint(server.address), { transport, signal })
      channel.destroy()
    }
    await attempt()
    while (Date.now() <= notAfter.getTime() + 1000) await new Promise((resolve) => setTimeout(resolve, 50))
    for (let time = 0; time < TIMES; time++) {
      await refused(attempt(), 'TLS_CLIENT_CERTIFICATE_EXPIRED', /renew it/)
    }
  })
})

describe('a server is refused that', () => {
  it.each(['TLSv1', 'TLSv1.1'] as const)('speaks %s alone: TLS_VERSION_REFUSED', async (version) => {
    const pki = await createPki()
    const server = createServer({
      ...pki.server,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await refused(
      opens(`127.0.0.1:${String(port)}`, { ca: pki.ca }),
      'TLS_VERSION_REFUSED',
      /have it speak TLS 1.2 or 1.3/,
    )
    server.close()
  })

  it('speaks TLS 1.2 alone where 1.3 is demanded: TLS_VERSION_REFUSED', async () => {
    await using server = await startMemcached('tls', { env: await onlyVersion('TLSv1.2', folder) })
    const { ca } = server.pki
    await refused(opens(server.address, { ca, minVersion: 'TLSv1.3' }), 'TLS_VERSION_REFUSED', /"minVersion"/)
    await opens(server.address, { ca })
  })

  it('does not speak TLS: TLS_NOT_SPOKEN', async () => {
    await using server = await startMemcached('plain')
    await refused(opens(server.address, { ca: server.pki.ca }), 'TLS_NOT_SPOKEN', /start memcached with -Z/)
  })

  it.each(VERSIONS)('shares no cipher suite on %s: TLS_NO_SHARED_CIPHER', async (version) => {
    const suites = version === 'TLSv1.2' ? 'ECDHE-RSA-AES128-GCM-SHA256' : 'TLS_CHACHA20_POLY1305_SHA256'
    const env = await onlyVersion(version, folder, 'Ciphersuites = TLS_AES_128_GCM_SHA256')
    await using server = await startMemcached('mutual-tls', { env })
    await opens(server.address, server.clientTls)
    await refused(
      opens(server.address, { ca: server.pki.ca, ciphers: suites }),
      'TLS_NO_SHARED_CIPHER',
      /look at "ciphers" here and at ssl_ciphers there/,
    )
  })

  it('closes during the handshake: CONNECTION_LOST', async () => {
    const { ca } = await createPki()
    const server = await startFaultServer((socket) => socket.once('data', () => socket.destroy()))
    await refused(opens(server.address, { ca }), 'CONNECTION_LOST', /without an alert: check that it runs/)
    await server.close()
  })

  it('never answers: CONNECT_TIMEOUT', async () => {
    const { ca } = await createPki()
    const server = await startFaultServer(() => undefined)
    await refused(opens(server.address, { ca }, 200), 'CONNECT_TIMEOUT', /check that it runs/)
    await server.close()
  })

  it('is not there: CONNECT_FAILED', async () => {
    const { ca } = await createPki()
    const server = await startFaultServer(() => undefined)
    await server.close()
    await refused(opens(server.address, { ca }), 'CONNECT_FAILED', /start memcached/)
  })
})
