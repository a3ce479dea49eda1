import { randomInt } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startFaultProxy, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

/** How long it runs; ten minutes by hand: `MEMKEEP_SOAK_SECONDS=600 npx vitest run src/soak.test.ts`. */
const SECONDS = Number(process.env['MEMKEEP_SOAK_SECONDS'] ?? 60)
const WORKERS = 64
const KEYS = 1_000
const MIB = 1024 ** 2

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that are in use once garbage is collected, heap and Buffers. */
function bytesInUse(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN

/** Sockets and timers that keep the process alive. */
const resources = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name))

const valueOf = (key: string, version: number): string =>
  `${key}|${String(version)}|${'x'.repeat(version % 3_000)}`

it(
  `${String(SECONDS)} seconds at full load, connections killed at random, leave memory flat and nothing behind`,
  { timeout: (SECONDS + 60) * 1000 },
  async () => {
    const server = await startMemcached('tls')
    const proxy = await startFaultProxy(server)
    const before = resources().length
    const cache = new MemcachedClient({
      servers: proxy.address,
      transport: tls(server.clientTls),
      connections: 2,
      reconnectMaxDelay: 20,
      ejectPause: 20,
    })
    const end = Date.now() + SECONDS * 1000
    const faults = new Map<string, number>()
    let done = 0
    // one for all calls: a listener that stays would be seen
    const { signal } = new AbortController()

    const work = async (worker: number): Promise<void> => {
      for (let turn = worker; Date.now() < end; turn += WORKERS) {
        const key = `k${String(turn % KEYS)}`
        try {
          const value = (turn % 10 === 0 ? undefined : await cache.get(key, { signal }))?.toString()
          if (value === undefined) await cache.set(key, valueOf(key, turn))
          else expect(value).toBe(valueOf(key, Number(value.split('|')[1])))
          done++
        } catch (error) {
          const { code = String(error) } = error as { code?: string }
          faults.set(code, (faults.get(code) ?? 0) + 1)
          await pause(1)
        }
      }
    }
    const kill = async (): Promise<number> => {
      let kills = 0
      for (; Date.now() < end; kills++) {
        await pause(randomInt(20, 400))
        proxy.reset({ afterBytes: randomInt(10_000) })
      }
      return kills
    }
    const measure = async (): Promise<readonly number[]> => {
      const samples: number[] = []
      while (Date.now() < end) {
        await pause(1_000)
        samples.push(bytesInUse())
      }
      return samples
    }
    const [kills, samples] = await Promise.all([
      kill(),
      measure(),
      ...Array.from({ length: WORKERS }, (_, worker) => work(worker)),
    ])
    await cache.close()
    expect(getEventListeners(signal, 'abort')).toEqual([])

    expect(done).toBeGreaterThan(1_000)
    expect(kills).toBeGreaterThan(1)
    // every kill is an error that says so, and there is no other one
    expect(['ERR_MEMKEEP_CONNECTION_LOST', 'ERR_MEMKEEP_SERVER_DOWN']).toEqual(
      expect.arrayContaining([...faults.keys()]),
    )
    const half = Math.floor(samples.length / 2)
    const growth = median(samples.slice(half)) - median(samples.slice(Math.min(5, half - 1), half))
    expect(growth).toBeLessThan(4 * MIB)
    await proxy.close()
    while (resources().length > before) await pause(10)
    await server.stop()
  },
)
