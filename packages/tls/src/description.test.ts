import { createPrivateKey, X509Certificate } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { openChannel, parseEndpoint } from '@memkeep/core'
import { startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { CHANNEL_NAMES } from './channels.ts'
import { tls } from './tls.ts'

describe('describe()', () => {
  it('shows both sides, and what was agreed on', async () => {
    await using server = await startMemcached('mutual-tls')
    const { pki } = server
    using transport = tls({ ...server.clientTls, minVersion: 'TLSv1.3', servername: 'localhost' })
    const signal = AbortSignal.timeout(10_000)
    const channel = await openChannel(parseEndpoint(server.address), { transport, signal })
    const own = new X509Certificate(pki.client.cert)
    const theirs = new X509Certificate(pki.server.cert)
    expect(transport.describe()).toEqual({
      transport: 'tls',
      verification: 'on',
      minVersion: 'TLSv1.3',
      ciphers: undefined,
      servername: 'localhost',
      pins: [],
      trustsDefaultCa: false,
      authorities: [expect.objectContaining({ fingerprint256: new X509Certificate(pki.ca).fingerprint256 })],
      revocationLists: 0,
      own: {
        subject: 'CN=service',
        issuer: own.issuer,
        serialNumber: own.serialNumber,
        subjectAltNames: [],
        fingerprint: own.fingerprint,
        fingerprint256: own.fingerprint256,
        pin: expect.stringMatching(/^sha256\/.{44}$/) as string,
        validFrom: new Date(own.validFrom),
        validTo: new Date(own.validTo),
      },
      files: [],
      loadedAt: expect.any(Date) as Date,
      reloadError: undefined,
      connections: [
        {
          server: server.address,
          since: expect.any(Date) as Date,
          protocol: 'TLSv1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          resumed: false,
          retiring: false,
          certificate: {
            subject: 'CN=memcached',
            issuer: theirs.issuer,
            serialNumber: theirs.serialNumber,
            subjectAltNames: ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'],
            fingerprint: theirs.fingerprint,
            fingerprint256: theirs.fingerprint256,
            pin: expect.stringMatching(/^sha256\/.{44}$/) as string,
            validFrom: new Date(theirs.validFrom),
            validTo: new Date(theirs.validTo),
          },
        },
      ],
    })
    channel.destroy()
    await new Promise(setImmediate)
    expect(transport.describe().connections).toEqual([])
  })

  it('and what a transport prints hold no secret', async () => {
    await using server = await startMemcached('mutual-tls')
    const { cert, key } = server.pki.client
    const passphrase = 'correct horse battery staple'
    const encrypted = createPrivateKey(key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase,
    })
    using transport = tls({ ca: server.pki.ca, cert, key: encrypted, passphrase })
    const messages: unknown[] = []
    const note = (message: unknown): void => void messages.push(message)
    for (const name of Object.values(CHANNEL_NAMES)) subscribe(name, note)
    try {
      const signal = AbortSignal.timeout(10_000)
      const channel = await openChannel(parseEndpoint(server.address), { transport, signal })
      const all = [transport, transport.describe(), channel, messages]
      const printed = all.map((value) => inspect(value, { depth: null, showHidden: true })).join('')
      for (const secret of [
        passphrase,
        encrypted.toString().split('\n')[1] ?? '',
        key.split('\n')[1] ?? '',
      ]) {
        expect(secret.length).toBeGreaterThan(20)
        expect(printed).not.toContain(secret)
      }
      expect(messages).toMatchObject([{ server: server.address, protocol: 'TLSv1.3', resumed: false }])
      channel.destroy()
    } finally {
      for (const name of Object.values(CHANNEL_NAMES)) unsubscribe(name, note)
    }
  })
})
