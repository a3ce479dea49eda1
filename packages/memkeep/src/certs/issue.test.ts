import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CertificatePair } from './authority.ts'
import { createAuthority, issueClient, issueServer } from './issue.ts'

const DAY = 86_400_000
const HOSTS = ['cache.example', '*.cache.example', 'bücher.example', '127.0.0.1', '::1', 'cache.example']
const now = new Date('2030-01-31T12:00:00.500Z')

let folder: string
let ca: CertificatePair
let server: CertificatePair
let client: CertificatePair

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-issue-'))
  ca = await createAuthority()
  server = await issueServer(ca, { hosts: HOSTS })
  client = await issueClient(ca, { name: 'shop, O=other "x" é' })
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })

/** What OpenSSL says of a certificate under the strictest of its rules. */
function verify(leaf: string, authority: string, purpose: string): string {
  writeFileSync(join(folder, 'ca.pem'), authority)
  writeFileSync(join(folder, 'leaf.pem'), leaf)
  return openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', 'leaf.pem')
}

const daysOf = ({ cert }: CertificatePair, from: Date): number => {
  const { validTo } = new X509Certificate(cert)
  return (new Date(validTo).getTime() - Math.floor(from.getTime() / 1000) * 1000) / DAY
}

describe('what is issued', () => {
  it("passes OpenSSL's strict rules for its purpose, and no other", () => {
    expect(verify(server.cert, ca.cert, 'sslserver')).toBe('leaf.pem: OK\n')
    expect(verify(client.cert, ca.cert, 'sslclient')).toBe('leaf.pem: OK\n')
    expect(() => verify(server.cert, ca.cert, 'sslclient')).toThrow('unsuitable certificate purpose')
    expect(() => verify(client.cert, ca.cert, 'sslserver')).toThrow('unsuitable certificate purpose')
  })

  it('is signed by its authority, and has a key of its own', () => {
    const authority = new X509Certificate(ca.cert)
    for (const { cert, key } of [server, client]) {
      const certificate = new X509Certificate(cert)
      expect(certificate.checkIssued(authority) && certificate.verify(authority.publicKey)).toBe(true)
      expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
      expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    }
    expect(new Set([ca.key, server.key, client.key]).size).toBe(3)
  })

  it('names each host once, and no client', () => {
    const { subjectAltName } = new X509Certificate(server.cert)
    expect(subjectAltName?.split(', ')).toEqual([
      'DNS:cache.example',
      'DNS:*.cache.example',
      'DNS:xn--bcher-kva.example',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
    ])
    expect(new X509Certificate(client.cert).subjectAltName).toBeUndefined()
  })

  it('has the usages and identifiers of what it is, and no more', () => {
    writeFileSync(join(folder, 'ca.pem'), ca.cert)
    const extensions = (pem: string): string => {
      writeFileSync(join(folder, 'any.pem'), pem)
      return openssl('x509', '-in', 'any.pem', '-noout', '-text').replace(
        /[0-9A-F]{2}(:[0-9A-F]{2}){19}/g,
        'ID',
      )
    }
    const [authority, leaf] = [extensions(ca.cert), extensions(server.cert)]
    expect(authority).toMatch(/Basic Constraints: critical\n *CA:TRUE, pathlen:0\n/)
    expect(authority).toMatch(/X509v3 Key Usage: critical\n *Certificate Sign, CRL Sign\n/)
    expect(authority).toMatch(/Subject Key Identifier: \n *ID\n/)
    expect(authority).not.toContain('Extended Key Usage')
    expect(leaf).toMatch(/Basic Constraints: critical\n *CA:FALSE\n/)
    expect(leaf).toMatch(/X509v3 Key Usage: critical\n *Digital Signature\n/)
    expect(leaf).toMatch(/Extended Key Usage: \n *TLS Web Server Authentication\n/)
    expect(leaf).toMatch(/Authority Key Identifier: \n *ID\n/)
  })

  it('has a subject that says nothing but what it was told', () => {
    expect(new X509Certificate(client.cert).subject).toBe('CN=shop\\, O=other \\"x\\" é')
    expect(new X509Certificate(server.cert).subject).toBe('CN=cache.example')
  })

  it('has a positive serial of 16 bytes, another one each time', async () => {
    const pairs = await Promise.all(Array.from({ length: 8 }, () => issueClient(ca, { name: 'shop' })))
    const serials = pairs.map(({ cert }) => new X509Certificate(cert).serialNumber)
    expect(new Set(serials).size).toBe(8)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  it('is another authority each time, in name and key', async () => {
    const other = await createAuthority()
    expect(new X509Certificate(other.cert).subject).not.toBe(new X509Certificate(ca.cert).subject)
    expect(() => verify(server.cert, other.cert, 'sslserver')).toThrow('unable to get local issuer')
  })
})

describe('how long it is good for', () => {
  it('is ten years for an authority, and 90 days for others, or what is asked for', async () => {
    const authority = await createAuthority({ now })
    expect(daysOf(authority, now)).toBe(3650)
    expect(daysOf(await issueServer(authority, { hosts: ['a'], now }), now)).toBe(90)
    expect(daysOf(await issueClient(authority, { name: 'a', now, days: 7 }), now)).toBe(7)
    expect(new Date(new X509Certificate(authority.cert).validFrom).getTime()).toBeLessThan(now.getTime())
  })

  it('never outlasts the authority', async () => {
    const authority = await createAuthority({ now, days: 30 })
    const leaf = await issueServer(authority, { hosts: ['a'], now, days: 31 })
    expect(new X509Certificate(leaf.cert).validTo).toBe(new X509Certificate(authority.cert).validTo)
    const after = new Date(now.getTime() + 30 * DAY)
    await expect(issueServer(authority, { hosts: ['a'], now: after })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED',
    })
  })

  it.each([0, -1, 1.5, NaN, 826])('is not %d days', async (days) => {
    await expect(issueServer(ca, { hosts: ['a'], days })).rejects.toThrow(RangeError)
  })

  it('is at most ten years for an authority', async () => {
    await expect(createAuthority({ days: 3651 })).rejects.toThrow(
      'days must be a whole number from 1 to 3650',
    )
  })
})

describe('what is refused', () => {
  it.each([
    ['', 'neither a host name'],
    ['cache.example:11211', 'has a port'],
    ['[::1]:11211', 'brackets'],
    ['fe80::1%eth0', 'zone'],
    ['a b', 'neither a host name'],
    ['a..b', 'neither a host name'],
    ['-a', 'neither a host name'],
    ['a/b', 'neither a host name'],
    ['a,DNS:b', 'neither a host name'],
    ['*.com', 'neither a host name'],
    ['*', 'neither a host name'],
    ['a.*.example', 'neither a host name'],
    ['127.1', 'no IP address'],
    ['10.0.0.256', 'neither a host name'],
    ['a\u0000.example', 'neither a host name'],
    [`${'a'.repeat(64)}.example`, 'neither a host name'],
    [`${'a.'.repeat(130)}example`, 'neither a host name'],
  ])('the host %j', async (host, why) => {
    const error: unknown = await issueServer(ca, { hosts: ['good.example', host] }).catch(
      (cause: unknown) => cause,
    )
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(why)
  })

  it('a server without a host, and a name that is empty, too long, or controls a terminal', async () => {
    await expect(issueServer(ca, { hosts: [] })).rejects.toThrow('at least one')
    for (const name of ['', 'a'.repeat(65), 'a\u001b[2J']) {
      await expect(issueClient(ca, { name })).rejects.toThrow(TypeError)
      await expect(createAuthority({ name })).rejects.toThrow(TypeError)
    }
  })

  it('an authority that is none, or whose key is missing, cut off, or of somebody else', async () => {
    const other = await createAuthority()
    const cut = { cert: ca.cert, key: ca.key.slice(0, 80) }
    for (const [authority, code] of [
      [server, 'ERR_MEMKEEP_TLS_INVALID_CHAIN'],
      [{ cert: ca.cert, key: other.key }, 'ERR_MEMKEEP_TLS_KEY_MISMATCH'],
      [cut, 'ERR_MEMKEEP_TLS_MATERIAL'],
      [{ cert: ca.key, key: ca.key }, 'ERR_MEMKEEP_TLS_MATERIAL'],
      [{ cert: ca.cert.slice(0, 200), key: ca.key }, 'ERR_MEMKEEP_TLS_MATERIAL'],
    ] as const) {
      const error: unknown = await issueClient(authority, { name: 'a' }).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code })
      expect(String(error)).not.toContain(ca.key.slice(30, 60))
    }
  })
})

describe('authorities that were made elsewhere', () => {
  it.each([
    ['P-384', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['RSA', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
  ])('sign with their %s key', async (_, kind) => {
    openssl('genpkey', ...kind, '-out', 'other.key')
    openssl(
      'req',
      '-x509',
      '-addext',
      'keyUsage=critical,keyCertSign',
      '-key',
      'other.key',
      '-subj',
      '/O=Other/CN=Authority',
      '-out',
      'other.pem',
      '-days',
      '9',
    )
    const [cert, key] = [openssl('x509', '-in', 'other.pem'), openssl('pkey', '-in', 'other.key')]
    const leaf = await issueServer({ cert: `${ca.cert}${cert}`, key }, { hosts: ['a'] })
    expect(verify(leaf.cert, cert, 'sslserver')).toBe('leaf.pem: OK\n')
  })

  it('are asked for a key without a passphrase, and one that is not weak', async () => {
    openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024', '-out', 'weak.key')
    openssl('pkey', '-in', 'weak.key', '-aes256', '-passout', 'pass:secret', '-out', 'closed.key')
    for (const [file, code] of [
      ['weak.key', 'ERR_MEMKEEP_TLS_WEAK_KEY'],
      ['closed.key', 'ERR_MEMKEEP_TLS_PASSPHRASE_REQUIRED'],
    ] as const) {
      const key = execFileSync('cat', [join(folder, file)], { encoding: 'utf8' })
      await expect(issueClient({ cert: ca.cert, key }, { name: 'a' })).rejects.toMatchObject({ code })
    }
  })
})
