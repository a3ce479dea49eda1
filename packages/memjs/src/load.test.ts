import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { replaceFile, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'

const logger = { log: () => undefined }

/** Asks in turns until it is told to stop. */
class Load {
  readonly failures: unknown[] = []
  readonly #client: HardenedMemjsClient
  readonly #done: Promise<unknown>
  #answers = 0
  #running = true

  constructor(client: HardenedMemjsClient) {
    this.#client = client
    this.#done = Promise.all(Array.from({ length: 16 }, (_, worker) => this.#work(`worker${String(worker)}`)))
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
        await this.#client.set(key, key, {})
        const { value } = await this.#client.get(key)
        // a restart forgets, and gives nobody what is another's
        if (value !== null) expect(value.toString()).toBe(key)
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
    const client = HardenedMemjsClient.create(first.address, { timeout: 20, retries: 1, logger })
    const load = new Load(client)
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
    client.close()
    transport.close()
    await rm(folder, { recursive: true })
  })
})
