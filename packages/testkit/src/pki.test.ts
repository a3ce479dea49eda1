import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { CertificatePair } from '@memkeep/local-server'
import { describe, expect, it } from 'vitest'
import { createPki, forgeLink } from './pki.ts'

const matches = ({ cert, key }: CertificatePair): boolean =>
  new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))

describe('createPki', () => {
  it('makes an authority that signed its server and client', async () => {
    const { ca, server, client } = await createPki()
    const authority = new X509Certificate(ca)
    expect(authority.ca).toBe(true)
    for (const pair of [server, client]) {
      const certificate = new X509Certificate(pair.cert)
      expect(certificate.checkIssued(authority)).toBe(true)
      expect(certificate.verify(authority.publicKey)).toBe(true)
      expect(certificate.ca).toBe(false)
      expect(matches(pair)).toBe(true)
    }
    expect(new X509Certificate(server.cert).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(new X509Certificate(client.cert).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  })

  it('names the hosts that it is asked to', async () => {
    const pki = await createPki()
    const own = new X509Certificate(pki.server.cert)
    expect(own.checkHost('localhost')).toBe('localhost')
    expect(own.checkIP('127.0.0.1')).toBe('127.0.0.1')
    const other = new X509Certificate((await pki.issueServer({ hosts: ['cache.example', '192.0.2.1'] })).cert)
    expect(other.checkHost('cache.example')).toBe('cache.example')
    expect(other.checkHost('localhost')).toBeUndefined()
    expect(other.checkIP('192.0.2.1')).toBe('192.0.2.1')
  })

  it('keeps to the dates that it is given', async () => {
    const pki = await createPki()
    const [notBefore, notAfter] = [new Date('2020-01-01T00:00:00Z'), new Date('2020-02-01T00:00:00Z')]
    const certificate = new X509Certificate((await pki.issueClient({ notBefore, notAfter })).cert)
    expect(new Date(certificate.validFrom)).toEqual(notBefore)
    expect(new Date(certificate.validTo)).toEqual(notAfter)
  })

  it('makes chains, and keys and signatures of every kind that it is asked for', async () => {
    const pki = await createPki()
    const intermediate = await pki.issueAuthority()
    expect(new X509Certificate(intermediate.ca).checkIssued(new X509Certificate(pki.ca))).toBe(true)
    const leaf = new X509Certificate((await intermediate.issueServer({ hosts: [] })).cert)
    expect(leaf.checkIssued(new X509Certificate(intermediate.ca))).toBe(true)
    expect(leaf.subjectAltName).toBeUndefined()
    expect(new X509Certificate((await pki.issueAuthority({ isAuthority: false })).ca).ca).toBe(false)

    const rsa = new X509Certificate((await pki.issueServer({ keyType: 'RSA-1024' })).cert)
    expect(rsa.publicKey.asymmetricKeyDetails?.modulusLength).toBe(1024)
    const sha1 = new X509Certificate((await pki.issueServer({ hash: 'SHA-1' })).cert)
    expect(sha1.verify(new X509Certificate(pki.ca).publicKey)).toBe(true)
  })

  it('makes a revocation list that OpenSSL loads', async () => {
    const pki = await createPki()
    const crl = await pki.revoke([pki.server.cert])
    const { ca } = pki
    expect(() => createSecureContext({ ca, crl })).not.toThrow()
    expect(() => createSecureContext({ ca, crl: crl.slice(0, 100) })).toThrow()
  })

  it('forges a link that names believe in, and signatures do not', async () => {
    const [pki, other] = await Promise.all([createPki(), createPki()])
    const link = new X509Certificate(await forgeLink(pki.ca, other.ca))
    expect(new X509Certificate(pki.server.cert).checkIssued(link)).toBe(true)
    expect(link.checkIssued(new X509Certificate(other.ca))).toBe(true)
    expect(link.verify(new X509Certificate(other.ca).publicKey)).toBe(false)
  })

  it('is another authority every time', async () => {
    const [first, second] = await Promise.all([createPki(), createPki()])
    expect(new X509Certificate(first.server.cert).verify(new X509Certificate(second.ca).publicKey)).toBe(
      false,
    )
  })
})
