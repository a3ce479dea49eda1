import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { Load, replaceFile, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'

/** Sets and gets by a client; `missed` is told of values that were not there: never those of another key, which fail. */
function loadOn(client: HardenedMemcacheClient, missed: () => void): Load {
  return new Load(async (key) => {
    await client.set(key, key)
    const found: unknown = await client.get(key)
    if (found === undefined) missed()
    else expect(found).toMatchObject({ value: key })
  })
}

describe('under load', () => {
  it('a restart of the server fails what was under way, and nothing else', async () => {
    const first = await startMemcached('plain')
    const client = new HardenedMemcacheClient({ server: { server: first.address, maxConnections: 4 } })
    let misses = 0
    const load = loadOn(client, () => misses++)
    await load.answered(100)
    expect([load.failures, misses]).toEqual([[], 0])
    await first.stop()
    await using second = await startMemcached('plain', { port: first.port })
    await load.answered(100)
    const known = load.failures.length
    await load.answered(200)
    await load.stop()
    expect(known).toBeGreaterThan(0)
    expect(load.failures).toHaveLength(known)
    for (const failure of load.failures) {
      expect(String(failure)).toMatch(/socket|ECONNREFUSED|ERR_MEMKEEP|connect|lost/i)
    }
    client.shutdown()
    expect(second.port).toBe(first.port)
  })

  it('a certificate that is replaced, and another one, lose nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-memcache-client-'))
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
    const client = new HardenedMemcacheClient({
      server: { server: server.address, maxConnections: 3 },
      transport,
      auth: sasl(server.credentials ?? { username: '', password: '' }),
      middleware: [encryption({ keyring: Keyring.generate() })],
      cmdTimeout: 20_000,
    })
    let misses = 0
    const load = loadOn(client, () => misses++)
    for (const commonName of ['renewed', 'renewed again']) {
      await load.answered(50)
      await install(await server.pki.issueClient({ commonName }))
      expect(await transport.reload()).toBe(true)
      while (transport.describe().connections.some(({ retiring }) => retiring)) await load.answered(1)
    }
    await load.answered(50)
    await load.stop()
    expect(load.failures).toEqual([])
    expect(misses).toBe(0)
    expect(transport.describe().connections).toHaveLength(3)
    client.shutdown()
    transport.close()
    await rm(folder, { recursive: true })
  })
})
