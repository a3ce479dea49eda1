import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { replaceFile, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'

/** Asks in turns until it is told to stop. */
class Load {
  readonly failures: unknown[] = []
  readonly #client: HardenedMemcacheClient
  readonly #done: Promise<unknown>
  #answers = 0
  #misses = 0
  #running = true

  constructor(client: HardenedMemcacheClient) {
    this.#client = client
    this.#done = Promise.all(Array.from({ length: 16 }, (_, worker) => this.#work(`worker${String(worker)}`)))
  }

  /** Values that were not there: never those of another key, which fail. */
  get misses(): number {
    return this.#misses
  }

  /** Waits for so many more answers. */
  async answered(more: number): Promise<void> {
    const wanted = this.#answers + more
    while (this.#answers < wanted) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  async #work(key: string): Promise<void> {
    while (this.#running) {
      try {
        await this.#client.set(key, key)
        const found: unknown = await this.#client.get(key)
        if (found === undefined) this.#misses++
        else expect(found).toMatchObject({ value: key })
        this.#answers++
      } catch (error) {
        this.failures.push(error)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
  }
}

describe('under load', () => {
  it('a restart of the server fails what was under way, and nothing else', async () => {
    const first = await startMemcached('plain')
    const client = new HardenedMemcacheClient({ server: { server: first.address, maxConnections: 4 } })
    const load = new Load(client)
    await load.answered(100)
    expect([load.failures, load.misses]).toEqual([[], 0])
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
    const load = new Load(client)
    for (const commonName of ['renewed', 'renewed again']) {
      await load.answered(50)
      await install(await server.pki.issueClient({ commonName }))
      expect(await transport.reload()).toBe(true)
      while (transport.describe().connections.some(({ retiring }) => retiring)) await load.answered(1)
    }
    await load.answered(50)
    await load.stop()
    expect(load.failures).toEqual([])
    expect(load.misses).toBe(0)
    expect(transport.describe().connections).toHaveLength(3)
    client.shutdown()
    transport.close()
    await rm(folder, { recursive: true })
  })
})
