import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { opens } from '../test/opens.ts'

/** Someone in between who changes the client's first message, and passes everything else. */
async function interfere(
  server: MemcachedServer,
  change: (hello: Buffer) => Buffer,
): Promise<{ readonly address: string } & Disposable> {
  const sockets: Socket[] = []
  const between = createServer((client) => {
    const upstream = createConnection(server)
    sockets.push(client, upstream)
    client.once('data', (hello: Buffer) => {
      upstream.write(change(hello))
      client.pipe(upstream)
    })
    upstream.pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  const { port } = between.address() as AddressInfo
  return {
    address: `127.0.0.1:${String(port)}`,
    [Symbol.dispose]() {
      between.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Hides the extension `supported_versions` (RFC 8446, section 4.2.1), by giving it a number that nobody knows. */
function hideTls13(hello: Buffer): Buffer {
  const changed = Buffer.from(hello)
  const at = changed.indexOf(Buffer.from([0x00, 0x2b, 0x00]))
  expect(at).toBeGreaterThan(0)
  changed.writeUInt16BE(0x6a6b, at)
  return changed
}

/** Asks for TLS 1.1 in the version of the hello itself, and hides the newer ones. */
function askForTls11(hello: Buffer): Buffer {
  const changed = hideTls13(hello)
  changed.writeUInt16BE(0x0302, 9)
  return changed
}

describe('someone in between who wants less is refused', () => {
  it('TLS 1.2 where both speak 1.3', async () => {
    await using server = await startMemcached('tls')
    using between = await interfere(server, hideTls13)
    await expect(opens(between.address, { ca: server.pki.ca })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_DOWNGRADE',
    })
  })

  it('TLS 1.1', async () => {
    await using server = await startMemcached('tls')
    using between = await interfere(server, askForTls11)
    await expect(opens(between.address, { ca: server.pki.ca })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_VERSION_REFUSED',
    })
  })

  it('no TLS at all', async () => {
    await using server = await startMemcached('tls')
    await using plain = await startMemcached('plain')
    using between = await interfere(plain, () => Buffer.from('version\r\n'))
    await expect(opens(between.address, { ca: server.pki.ca })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_NOT_SPOKEN',
    })
  })

  it('and who changes nothing is not noticed', async () => {
    await using server = await startMemcached('tls')
    using between = await interfere(server, (hello) => hello)
    await opens(between.address, { ca: server.pki.ca })
  })
})
