import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { createPki } from '@memkeep/testkit'
import { expect, it } from 'vitest'
import { describeCertificate } from './certificate.ts'
import { tls } from './tls.ts'

it('describes a certificate of a file as a transport describes its own, with the pin that OpenSSL computes', async () => {
  const pki = await createPki()
  const { ca, client } = pki
  using transport = tls({ ca, ...client })
  expect(describeCertificate(new X509Certificate(client.cert))).toEqual(transport.describe().own)

  const { cert } = await pki.issueServer({ hosts: ['cache.example', '192.0.2.1'] })
  const { pin, subjectAltNames, validTo } = describeCertificate(new X509Certificate(cert))
  expect(subjectAltNames).toEqual(['DNS:cache.example', 'IP Address:192.0.2.1'])
  expect(validTo.getTime()).toBeGreaterThan(Date.now())
  const openssl = (input: string | Buffer, ...args: readonly string[]): Buffer =>
    execFileSync('openssl', args, { input })
  const key = openssl(openssl(cert, 'x509', '-noout', '-pubkey'), ...['pkey', '-pubin', '-outform', 'DER'])
  expect(pin).toBe(`sha256/${openssl(key, 'dgst', '-sha256', '-binary').toString('base64')}`)
})
