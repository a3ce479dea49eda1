import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { Load, replaceFile, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'

const logger = { log: () => undefined }

/** Sets and gets by a client. */
function loadOn(client: HardenedMemjsClient): Load {
  return new Load(async (key) => {
    await client.set(key, key, {})
    const { value } = await client.get(key)
    // a restart forgets, and gives nobody what is another's
    if (value !== null) expect(value.toString()).toBe(key)
  })
}

describe('under load', () => {
  it('a restart of the server fails what was under way, and nothing else', async () => {
    const first = await startMemcached('plain')
    const client = HardenedMemjsClient.create(first.address, { timeout: 20, retries: 1, logger })
    const load = loadOn(client)
    await load.answered(100)
    expect(load.failures).toEqual([])
    await first.stop()
    await using second = await startMemcached('plain', { port: first.port })
    await load.answered(100)
    const known = load.failures.length
    await load.answered(200)
    await load.stop()
    expect(known).toBeGreaterThan(0)
    expect(load.failures).toHaveLength(known)
    for (const failure of load.failures) {
      expect(failure).toMatchObject({
        code: expect.stringMatching(/^ERR_MEMKEEP_CONNECT|^ECONNRESET|^EPIPE/) as string,
      })
    }
    client.close()
    expect(second.port).toBe(first.port)
  })

  it('a certificate that is replaced, and another one, lose nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-memjs-'))
    const path = (name: string): string => join(folder, name)
    await using server = await startMemcached('mutual-tls+sasl')
    const install = async ({ cert, key }: { cert: string; key: string }): Promise<void> => {
      await replaceFile(path('cert'), cert)
      await replaceFile(path('key'), key)
    }
    await install(server.pki.client)
    const transport = tls({
      ca: server.pki.ca,
      cert: { file: path('cert') },
      key: { file: path('key') },
      watchInterval: 0,
    })
    const client = HardenedMemjsClient.create(server.address, {
      transport,
      auth: sasl(server.credentials ?? { username: '', password: '' }),
      middleware: [encryption({ keyring: Keyring.generate() })],
      timeout: 20,
      retries: 1,
      logger,
    })
    const load = loadOn(client)
    for (const commonName of ['renewed', 'renewed again']) {
      await load.answered(50)
      await install(await server.pki.issueClient({ commonName }))
      expect(await transport.reload()).toBe(true)
      while (transport.describe().connections.some(({ retiring }) => retiring)) await load.answered(1)
    }
    await load.answered(50)
    await load.stop()
    expect(load.failures).toEqual([])
    client.close()
    transport.close()
    await rm(folder, { recursive: true })
  })
})
