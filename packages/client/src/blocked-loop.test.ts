import { spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

/** Milliseconds that every call and every connection has. */
const TIMEOUT = 150
/** Milliseconds of which that is a part. */
const LONGER = 400

let plain: MemcachedServer
let encrypted: MemcachedServer
const ejected: unknown[] = []
const onEject = (message: unknown): unknown => ejected.push(message)

beforeAll(async () => {
  ;[plain, encrypted] = await Promise.all([startMemcached('plain'), startMemcached('tls')])
  subscribe('memkeep:client:eject', onEject)
})
afterEach(() => {
  expect(ejected.splice(0)).toEqual([])
})
afterAll(async () => {
  unsubscribe('memkeep:client:eject', onEject)
  await Promise.all([plain.stop(), encrypted.stop()])
})

/** Computes, and lets nothing else run. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe.each(['plain', 'TLS'])(
  'on %s, an event loop that is blocked for longer than the timeout',
  (posture) => {
    const client = (): MemcachedClient => {
      const server = posture === 'TLS' ? encrypted : plain
      return new MemcachedClient({
        servers: server.address,
        ...(posture === 'TLS' && { transport: tls(server.clientTls) }),
        timeout: TIMEOUT,
        connectTimeout: TIMEOUT,
      })
    }

    it('fails no call whose answer lay in the socket', async () => {
      await using cache = client()
      await cache.set('count', '0')
      for (let round = 1; round <= 3; round++) {
        const counted = Array.from({ length: 10 }, () => cache.increment('count'))
        // so that they are written before
        await new Promise((resolve) => setImmediate(resolve))
        block(LONGER)
        expect(await Promise.all(counted)).toContain(BigInt(round * 10))
      }
    })

    it('fails no call that was made before or while it was blocked', async () => {
      await using cache = client()
      await cache.set('k', 'v')
      for (let round = 0; round < 5; round++) {
        const stored = Array.from({ length: 6 }, (_, index) => {
          const set = cache.set(`k${String(index)}`, 'v')
          block(60)
          return set
        })
        expect(await Promise.all(stored)).toEqual([true, true, true, true, true, true])
      }
    })

    it('fails no connection that was being opened, nor the call that waits for it', async () => {
      for (let round = 0; round < 5; round++) {
        await using cache = client()
        const waiting = cache.set('k', 'v')
        for (let step = 0; step < 3; step++) {
          block(LONGER)
          await new Promise((resolve) => setImmediate(resolve))
        }
        expect(await waiting).toBe(true)
      }
    })

    it('or a process that is stopped, fails no call', async () => {
      await using cache = client()
      await cache.set('count', '0')
      const script = `kill -STOP ${String(process.pid)}; sleep 0.5; kill -CONT ${String(process.pid)}`
      const stopper = spawn('sh', ['-c', script])
      const ended = once(stopper, 'exit')
      const count = async (): Promise<void> => {
        await Promise.all(Array.from({ length: 10 }, () => cache.increment('count')))
        if (stopper.exitCode === null) await count()
      }
      await count()
      await ended
      expect(Number(await cache.get('count')) % 10).toBe(0)
    })
  },
)

it('time in which the process can read counts', async () => {
  await using cache = new MemcachedClient({ servers: plain.address, timeout: TIMEOUT })
  await cache.set('k', 'v')
  process.kill(plain.pid, 'SIGSTOP')
  try {
    const late = cache.get('k')
    block(LONGER)
    await expect(late).rejects.toMatchObject({ code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' })
  } finally {
    process.kill(plain.pid, 'SIGCONT')
  }
})
