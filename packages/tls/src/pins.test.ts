import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:tls'
import { createPki, forgeLink, startMemcached, type CertificatePair } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { opens } from '../test/opens.ts'
import { parsePins, pinOf } from './pins.ts'

const mismatch = expect.objectContaining({ code: 'ERR_MEMKEEP_TLS_PIN_MISMATCH' }) as Error
const pin = (pem: string): string => pinOf(new X509Certificate(pem))
const FOREIGN = `sha256/${Buffer.alloc(32).toString('base64')}`

describe('a pin', () => {
  it('is the SHA-256 of the SubjectPublicKeyInfo', async () => {
    const { server } = await createPki()
    const { publicKey } = new X509Certificate(server.cert)
    const digest = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64')
    expect(pin(server.cert)).toBe(`sha256/${digest}`)
    expect(() => parsePins([pin(server.cert)])).not.toThrow()
  })

  it.each(['', 'sha256/', 'sha256/AAAA', `sha1/${'A'.repeat(43)}=`, `sha256/${'A'.repeat(44)}`])(
    'is not %j',
    (text) => {
      expect(() => parsePins([text])).toThrow(TypeError)
    },
  )

  it("may be of the server's key, of one above it, or a backup", async () => {
    const pki = await createPki()
    const intermediate = await pki.issueAuthority()
    const { cert, key } = await intermediate.issueServer()
    await using server = await startMemcached('tls', {
      pki,
      serverCertificate: { cert: cert + intermediate.ca, key },
    })
    for (const pem of [cert, intermediate.ca, pki.ca]) {
      await opens(server.address, { ca: pki.ca, pins: [FOREIGN, pin(pem)] })
    }
    const attempt = opens(server.address, { ca: pki.ca, pins: [FOREIGN] })
    await expect(attempt).rejects.toEqual(mismatch)
    const seen = [cert, intermediate.ca, pki.ca].map(pin).join(', ')
    await expect(attempt).rejects.toThrow(`seen: ${seen}.`)
  })

  it('adds to verification, and takes nothing from it', async () => {
    await using server = await startMemcached('tls')
    const pins = [pin(server.pki.server.cert)]
    await expect(opens(server.address, { pins })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_INCOMPLETE_CHAIN',
    })
    await expect(
      opens(server.address, { ca: server.pki.ca, pins, servername: 'cache.example' }),
    ).rejects.toMatchObject({ code: 'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH' })
  })

  it('is not met by a certificate that the server only shows beside its own', async () => {
    // two authorities are trusted and the first is pinned; the attacker's certificate comes from the second
    const pinned = await createPki()
    const other = await createPki()
    const shown = other.server.cert + pinned.ca
    // and a copy of the second's name, which the pinned one never signed, to link the two by names
    const forged = await forgeLink(other.ca, pinned.ca)
    for (const cert of [shown, other.server.cert + forged + pinned.ca]) {
      using server = await attacker({ cert, key: other.server.key })
      await expect(
        opens(server.address, { ca: [pinned.ca, other.ca], pins: [pin(pinned.ca)] }),
      ).rejects.toEqual(mismatch)
      await opens(server.address, { ca: [pinned.ca, other.ca], pins: [pin(other.ca)] })
    }
  })
})

/** A server that answers as memcached would, with any certificate. */
async function attacker(pair: CertificatePair): Promise<{ readonly address: string } & Disposable> {
  const sockets: Socket[] = []
  const server = createServer(pair, (socket) => {
    socket.on('error', () => undefined).end('VERSION 1\r\n')
  })
    .on('connection', (socket: Socket) => sockets.push(socket))
    .listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${String(port)}`,
    [Symbol.dispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
