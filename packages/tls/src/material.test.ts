import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPki, startMemcached, type CertificatePair, type Pki } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opens, refused } from '../test/opens.ts'
import type { TlsOptions } from './options.ts'
import { tls } from './tls.ts'

const DAY = 86_400_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-material-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('what we bring ourselves is refused, at construction, when', () => {
  const encrypted = ({ key }: CertificatePair): string =>
    createPrivateKey(key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' })
      .toString()

  async function pkcs12({ cert, key }: CertificatePair, passphrase: string, ca = ''): Promise<Buffer> {
    const file = join(folder, 'client.pem')
    await writeFile(file, key + cert + ca)
    return execFileSync('openssl', ['pkcs12', '-export', '-passout', `pass:${passphrase}`, '-in', file])
  }

  it.each<{
    what: string
    code: string
    advice: RegExp
    options: (pki: Pki) => Promise<TlsOptions> | TlsOptions
  }>([
    {
      what: 'the key belongs to another certificate',
      code: 'TLS_KEY_MISMATCH',
      advice: /hand in the two that were made together/,
      options: ({ client, server }) => ({ cert: client.cert, key: server.key }),
    },
    {
      what: 'the key is encrypted, and there is no passphrase',
      code: 'TLS_PASSPHRASE_REQUIRED',
      advice: /hand in its "passphrase"/,
      options: ({ client }) => ({ cert: client.cert, key: encrypted(client) }),
    },
    {
      what: 'the key is encrypted with another passphrase',
      code: 'TLS_PASSPHRASE_WRONG',
      advice: /correct it/,
      options: ({ client }) => ({ cert: client.cert, key: encrypted(client), passphrase: 'wrong' }),
    },
    {
      what: 'the PKCS #12 is encrypted with another passphrase',
      code: 'TLS_PASSPHRASE_WRONG',
      advice: /correct it/,
      options: async ({ client }) => ({ pfx: await pkcs12(client, 'right'), passphrase: 'wrong' }),
    },
    {
      what: 'the PKCS #12 is encrypted, and there is no passphrase',
      code: 'TLS_PASSPHRASE_REQUIRED',
      advice: /hand in its "passphrase"/,
      options: async ({ client }) => ({ pfx: await pkcs12(client, 'right') }),
    },
    {
      what: 'the PKCS #12 is none',
      code: 'TLS_MATERIAL',
      advice: /export it again/,
      options: () => ({ pfx: Buffer.from('no PKCS #12') }),
    },
    {
      what: 'our certificate is expired',
      code: 'TLS_CLIENT_CERTIFICATE_EXPIRED',
      advice: /renew it/,
      options: (pki) => pki.issueClient({ notBefore: inDays(-3), notAfter: inDays(-1) }),
    },
    {
      what: 'our certificate is not yet valid',
      code: 'TLS_MATERIAL',
      advice: /check this machine's clock/,
      options: (pki) => pki.issueClient({ notBefore: inDays(1), notAfter: inDays(3) }),
    },
    {
      what: 'the certificate is no PEM',
      code: 'TLS_MATERIAL',
      advice: /"cert" holds no "CERTIFICATE" as PEM/,
      options: ({ client }) => ({ cert: 'client.pem', key: client.key }),
    },
    {
      what: 'the key is no PEM',
      code: 'TLS_MATERIAL',
      advice: /"key" holds no private key as PEM/,
      options: ({ client }) => ({ cert: client.cert, key: 'client.key' }),
    },
    {
      what: 'the key is cut off',
      code: 'TLS_MATERIAL',
      advice: /write the file again, whole/,
      options: ({ client }) => ({ cert: client.cert, key: client.key.slice(0, 100) }),
    },
    {
      what: 'a bundle of authorities is cut off',
      code: 'TLS_MATERIAL',
      advice: /"ca" is cut off/,
      options: ({ ca }) => ({ ca: ca + ca.slice(0, 200) }),
    },
    {
      what: 'a bundle of authorities is damaged',
      code: 'TLS_MATERIAL',
      advice: /Certificate 2 in "ca" does not load/,
      options: ({ ca }) => ({ ca: ca + ca.replace(/M/g, 'A') }),
    },
    {
      what: 'a revocation list is none',
      code: 'TLS_MATERIAL',
      advice: /"crl" holds no "X509 CRL" as PEM/,
      options: ({ ca }) => ({ ca, crl: ca }),
    },
    {
      what: 'a file is not there',
      code: 'TLS_MATERIAL',
      advice: /nowhere\.pem cannot be read \(ENOENT\)/,
      options: () => ({ ca: { file: '/nowhere.pem' } }),
    },
  ])('$what: $code', async ({ options, code, advice }) => {
    const pki = await createPki()
    const given = await options(pki)
    const attempt = new Promise<void>((resolve) => {
      tls(given).close()
      resolve()
    })
    await refused(attempt, code, advice)
    const printed = await attempt.catch(
      (error: unknown) => JSON.stringify(error) + String((error as Error).stack),
    )
    for (const { key } of [pki.client, pki.server]) expect(printed).not.toContain(key.split('\n')[1])
    expect(printed).not.toContain('wrong"')
  })

  it('nothing is wrong with what opens', async () => {
    const pki = await createPki()
    const { cert } = pki.client
    for (const own of [
      pki.client,
      { cert: Buffer.from(cert), key: Buffer.from(pki.client.key) },
      { cert: new Uint8Array(Buffer.from(cert)), key: new TextEncoder().encode(pki.client.key) },
      { cert, key: encrypted(pki.client), passphrase: 'right' },
      { pfx: await pkcs12(pki.client, 'right'), passphrase: 'right' },
    ]) {
      using transport = tls({ ca: pki.ca, ...own })
      expect(transport.describe().own?.fingerprint256).toBe(new X509Certificate(cert).fingerprint256)
    }
  })

  it('authorities in a PKCS #12 are trusted, as Node does', async () => {
    await using server = await startMemcached('mutual-tls')
    const { client, ca } = server.pki
    const passphrase = 'right'
    await opens(server.address, { pfx: await pkcs12(client, passphrase, ca), passphrase })
    const without = opens(server.address, { pfx: await pkcs12(client, passphrase), passphrase })
    await refused(without, 'TLS_UNKNOWN_CA', /hand in that authority's certificate/)
  })
})
