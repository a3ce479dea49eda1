import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describeCertificate } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import type { CertificatePair } from './authority.ts'
import { createAuthority, issueClient, issueServer } from './issue.ts'
import { renewAuthority, renewLeaf } from './renew.ts'

const DAY = 86_400_000
const then = new Date(Date.now() - 80 * DAY)
const HOSTS = ['cache.example', '10.0.0.1']

const parsed = ({ cert }: CertificatePair): X509Certificate => new X509Certificate(cert)
const pinOf = (certificate: X509Certificate): string => describeCertificate(certificate).pin
const verifies = (leaf: CertificatePair, authority: CertificatePair): boolean =>
  parsed(leaf).checkIssued(parsed(authority)) && parsed(leaf).verify(parsed(authority).publicKey)
const daysOf = (pair: CertificatePair): number =>
  Math.round((Date.parse(parsed(pair).validTo) - Date.now()) / DAY)

describe('renewLeaf', () => {
  it('gives other dates and another serial, and leaves name, usages and key', async () => {
    const ca = await createAuthority({ now: then })
    const [server, client] = [
      await issueServer(ca, { hosts: HOSTS, now: then }),
      await issueClient(ca, { name: 'shop', now: then }),
    ]
    for (const old of [server, client]) {
      expect(daysOf(old)).toBe(10)
      const renewed = await renewLeaf(ca, old)
      expect(verifies(renewed, ca)).toBe(true)
      expect(daysOf(renewed)).toBe(90)
      expect(renewed.key).toBe(old.key)
      const [before, after] = [parsed(old), parsed(renewed)]
      expect(pinOf(after)).toBe(pinOf(before))
      expect(after.serialNumber).not.toBe(before.serialNumber)
      for (const name of ['subject', 'subjectAltName', 'keyUsage', 'ca'] as const) {
        expect(after[name]).toEqual(before[name])
      }
    }
  })

  it('makes a new key when it is asked to', async () => {
    const ca = await createAuthority()
    const old = await issueServer(ca, { hosts: HOSTS })
    const renewed = await renewLeaf(ca, old, { newKey: true, days: 7 })
    expect(renewed.key).not.toBe(old.key)
    expect(parsed(renewed).checkPrivateKey(createPrivateKey(renewed.key))).toBe(true)
    expect(daysOf(renewed)).toBe(7)
  })

  it('takes one that has ended, and one that another authority issued before', async () => {
    const [ca, other] = [await createAuthority(), await createAuthority()]
    const ended = await issueServer(other, { hosts: HOSTS, now: new Date(Date.now() - 100 * DAY) })
    const renewed = await renewLeaf(ca, ended)
    expect(verifies(renewed, ca)).toBe(true)
    expect(parsed(renewed).issuer).toBe(parsed(ca).subject)
  })

  it('keeps the chain behind it', async () => {
    const [ca, other] = [await createAuthority(), await createAuthority()]
    const old = await issueServer(ca, { hosts: HOSTS })
    const renewed = await renewLeaf(ca, { cert: `${old.cert}${other.cert}`, key: old.key })
    expect(renewed.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(renewed.cert.endsWith(other.cert)).toBe(true)
  })

  it('refuses a key that is not the certificate’s', async () => {
    const ca = await createAuthority()
    const [one, two] = [await issueClient(ca, { name: 'a' }), await issueClient(ca, { name: 'b' })]
    await expect(renewLeaf(ca, { cert: one.cert, key: two.key })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_KEY_MISMATCH',
    })
  })
})

describe('renewAuthority', () => {
  it('keeps key and name, so that what it issued stays good', async () => {
    const ca = await createAuthority({ now: then, days: 100 })
    const leaf = await issueServer(ca, { hosts: HOSTS })
    const renewed = await renewAuthority(ca)
    expect(verifies(leaf, renewed)).toBe(true)
    expect([daysOf(ca), daysOf(leaf), daysOf(renewed)]).toEqual([20, 20, 3650])
    expect(verifies(await renewLeaf(renewed, leaf), ca)).toBe(true)
    expect(pinOf(parsed(renewed))).toBe(pinOf(parsed(ca)))
    expect(parsed(renewed).ca).toBe(true)
  })

  it('renews one of several, and leaves the others', async () => {
    const [ca, other] = [await createAuthority(), await createAuthority()]
    const { cert } = await renewAuthority({ cert: `${other.cert}${ca.cert}`, key: ca.key })
    expect(cert.startsWith(other.cert)).toBe(true)
    expect(cert).not.toContain(ca.cert)
    const { serialNumber } = new X509Certificate(cert.slice(other.cert.length))
    expect(serialNumber).not.toBe(parsed(ca).serialNumber)
  })

  it('refuses what is no root authority, and a key that is not its own', async () => {
    const [ca, other] = [await createAuthority(), await createAuthority()]
    await expect(renewAuthority(await issueClient(ca, { name: 'a' }))).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_INVALID_CHAIN',
    })
    await expect(renewAuthority({ cert: ca.cert, key: other.key })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_KEY_MISMATCH',
    })
  })
})
