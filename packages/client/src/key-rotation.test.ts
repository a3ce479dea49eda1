import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryption, Keyring } from '@memkeep/encryption'
import { eventually, replaceFile, startMemcached } from '@memkeep/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const KEYS: readonly string[] = Array.from({ length: 200 }, (_, index) => `key${String(index)}`)

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-key-rotation-'))
  file = join(folder, 'keys')
})
afterEach(() => rm(folder, { recursive: true }))

/** What a process says of itself. */
interface Report {
  readonly ids: readonly string[]
  readonly reads: number
  readonly misses: number
  readonly garbage: number
  readonly errors: readonly string[]
  readonly failures: Readonly<Record<string, number>>
}

/** A process that works on the cache all the time; its code is in `test/key-rotation`, and runs the built packages. */
class Service {
  readonly #child: ChildProcess = fork(new URL('../test/key-rotation/process.mjs', import.meta.url), {
    execArgv: [],
  })

  async start(server: string, keyFile: string, writes: boolean): Promise<void> {
    this.#child.send({ file: keyFile, server, keys: KEYS, writes })
    await once(this.#child, 'message')
  }

  async ask(request: 'report' | 'stop'): Promise<Report> {
    this.#child.send(request)
    const [report] = (await once(this.#child, 'message')) as [Report]
    return report
  }
}

/** A cache that holds all the keys, and services that work on it. */
async function startServices(address: string, text: string, count: number): Promise<readonly Service[]> {
  await replaceFile(file, text)
  await using client = new MemcachedClient({
    servers: address,
    middleware: [encryption({ keyring: Keyring.fromText(text), context: 'fleet' })],
  })
  await Promise.all(KEYS.map((key) => client.set(key, `value of ${key}`, { ttl: 600 })))
  const services = Array.from({ length: count }, () => new Service())
  await Promise.all(services.map((service) => service.start(address, file, true)))
  return services
}

it('a key is rotated under load across three processes, and no read misses', async () => {
  await using server = await startMemcached('plain')
  const [old, fresh] = [Keyring.generate(), Keyring.generate()]
  const services = await startServices(server.address, old.exportText(), 3)

  /** Gives the file other keys, and waits until every process has them and has gone on reading. */
  async function step(...rings: readonly Keyring[]): Promise<void> {
    await replaceFile(file, rings.map((ring) => ring.exportText()).join(' '))
    const ids = rings.map(({ primaryId }) => primaryId)
    for (const service of services) {
      const { reads } = await service.ask('report')
      await eventually(async () => {
        const report = await service.ask('report')
        expect(report.ids).toEqual(ids)
        expect(report.reads).toBeGreaterThan(reads + KEYS.length)
      })
    }
  }

  await step(old, fresh)
  await step(fresh, old)
  // as waiting for the longest ttl would: until nothing is left that the old key sealed
  await using stranger = new MemcachedClient({ servers: server.address })
  await eventually(async () => {
    const found = await stranger.getMany(KEYS)
    const sealedBy = new Set([...found.values()].map((value) => value.toString('hex', 5, 9)))
    expect([found.size, ...sealedBy]).toEqual([KEYS.length, fresh.primaryId])
  })
  await step(fresh)
  for (const service of services) {
    const { reads, ...report } = await service.ask('stop')
    expect(reads).toBeGreaterThan(3 * KEYS.length)
    expect(report).toEqual({ ids: fresh.ids, misses: 0, garbage: 0, errors: [], failures: {} })
  }
})

it('a process with the wrong key sees misses, which are told, and never garbage or an error', async () => {
  await using server = await startMemcached('plain')
  const services = await startServices(server.address, Keyring.generate().exportText(), 1)
  const wrongFile = join(folder, 'wrong')
  await replaceFile(wrongFile, Keyring.generate().exportText())
  const wrong = new Service()
  await wrong.start(server.address, wrongFile, false)
  await eventually(async () => {
    expect((await wrong.ask('report')).reads).toBeGreaterThan(1_000)
  })
  const { reads, misses, garbage, errors, failures } = await wrong.ask('stop')
  expect({ misses, garbage, errors, failures }).toEqual({
    misses: reads,
    garbage: 0,
    errors: [],
    failures: { ERR_MEMKEEP_UNKNOWN_KEY_ID: reads },
  })
  for (const service of services) {
    expect(await service.ask('stop')).toMatchObject({ misses: 0, garbage: 0, errors: [], failures: {} })
  }
})
