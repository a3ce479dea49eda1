import { MemcachedClient } from '@memkeep/client'
import {
  eventually,
  startFaultProxy,
  startMemcached,
  startRelay,
  type MemcachedServer,
} from '@memkeep/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'
import type { HardenedMemjsOptions } from './options.ts'

// what memjs's own tests describe, beside what behaviours.test.ts and hardening.test.ts show in every posture

type Options = HardenedMemjsOptions<string | Buffer, Buffer | null>
/** A client as JavaScript sees it, with the old order of arguments. */
type Old = Record<'set' | 'add' | 'replace' | 'increment' | 'decrement', (...given: unknown[]) => void>

let plain: MemcachedServer
let peek: MemcachedClient
let logged: unknown[]
const clients: HardenedMemjsClient[] = []

beforeAll(async () => {
  plain = await startMemcached('plain')
  peek = new MemcachedClient({ servers: plain.address })
})

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

afterAll(async () => {
  await peek.close()
  await plain.stop()
})

function make(options: Options = {}, servers = plain.address): HardenedMemjsClient {
  logged = []
  const logger = { log: (message: unknown) => logged.push(message) }
  const client = HardenedMemjsClient.create(servers, { timeout: 20, logger, ...options })
  clients.push(client)
  return client
}

function called(ask: (done: (...results: unknown[]) => void) => unknown): Promise<unknown[]> {
  return new Promise((resolve) => {
    ask((...results) => {
      resolve(results)
    })
  })
}

/** The bytes of an expiry, as a store ends its extras. */
const expiry = (seconds: number): Buffer => {
  const extras = Buffer.alloc(8)
  extras.writeUInt32BE(seconds, 4)
  return extras
}

describe('expiry', () => {
  it('is that of the call, else that of the client, else none', async () => {
    const relay = await startRelay(plain)
    const client = make({ expires: 1_024 }, relay.address)
    for (const store of ['set', 'add', 'replace'] as const) {
      for (const [options, seconds] of [
        [{ expires: 512 }, 512],
        [{}, 1_024],
      ] as const) {
        relay.reset()
        await client[store]('expires', 'x', options)
        expect(relay.saw(Buffer.concat([expiry(seconds), Buffer.from('expiresx')]))).toBe(true)
        if (store === 'add') await client.delete('expires')
      }
      if (store === 'add') await client.set('expires', 'x', {})
      else if (store === 'set') await client.delete('expires')
    }
    const without = make({}, relay.address)
    await without.set('never', 'x')
    expect(relay.saw(Buffer.concat([expiry(0), Buffer.from('neverx')]))).toBe(true)
    await relay.close()
  })

  it('of a counter that is made is kept for more than 30 days, and is refused where it is none', async () => {
    const client = make()
    for (const count of ['increment', 'decrement'] as const) {
      await client.delete('counter')
      await client[count]('counter', 1, { initial: 7, expires: 31 * 86_400 })
      expect((await client.get('counter')).value?.toString()).toBe('7')
      await expect(client[count]('counter', 1, { expires: 0.5 })).rejects.toThrow(RangeError)
      expect(await client[count]('absent', 1, { expires: 0xffff_ffff }).catch(() => 'absent')).toBe('absent')
    }
  })

  it('of the client is checked at once, and kept for more than 30 days', async () => {
    for (const expires of [0.5, NaN, -1, Date.now()]) {
      expect(() => make({ expires })).toThrow(/"expires" must be whole seconds/)
    }
    const client = make({ expires: 31 * 86_400 })
    await client.set('long', 'x')
    expect((await client.get('long')).value?.toString()).toBe('x')
  })

  it('in the old order of arguments is kept for more than 30 days, and is refused where it is none', async () => {
    const old = make() as unknown as Old
    const set = (expires: number): Promise<unknown[]> =>
      called((done) => {
        old.set('old', 'x', done, expires)
      })
    expect(await set(NaN)).toEqual([expect.any(RangeError), null])
    expect(await set(31 * 86_400)).toEqual([null, true])
    expect((await make().get('old')).value?.toString()).toBe('x')
  })

  it('ends a value, also by touch', async () => {
    const client = make()
    await client.set('past', 'x', { expires: Math.floor(Date.now() / 1000) - 10 })
    expect((await client.get('past')).value).toBeNull()
    await client.set('touched', 'x', {})
    expect(await client.touch('touched', Math.floor(Date.now() / 1000) - 10)).toBe(true)
    expect((await client.get('touched')).value).toBeNull()
  })
})

describe('the old order of arguments', () => {
  it('still works, without expiry and initial value as in memjs, and is told to be old', async () => {
    const relay = await startRelay(plain)
    const client = make({}, relay.address)
    const old = client as unknown as Old
    for (const name of ['set', 'add', 'replace'] as const) {
      if (name === 'add') await client.delete('old')
      expect(
        await called((done) => {
          old[name]('old', name, done, 512)
        }),
      ).toEqual([null, true])
      expect((await client.get('old')).value?.toString()).toBe(name)
      expect(logged.at(-1)).toBe(
        `MemJS ${name.toUpperCase()}: using deprecated call - arguments have changed`,
      )
    }
    for (const name of ['increment', 'decrement'] as const) {
      expect(
        await called((done) => {
          old[name](`old ${name}`.replace(' ', '-'), 5, done, 512, 30)
        }),
      ).toEqual([null, true, 0])
      expect(logged.at(-1)).toBe(
        `MemJS ${name.toUpperCase()}: using deprecated call - arguments have changed`,
      )
    }
    await relay.close()
  })
})

describe('errors', () => {
  it.each([1, 2, 3])('are told once, after %s attempts, to each who asked at once', async (retries) => {
    const proxy = await startFaultProxy(plain)
    proxy.setMode('refuse')
    const client = make({ retries, retry_delay: 0.01 }, proxy.address)
    const one = vi.fn()
    const other = vi.fn()
    await Promise.all([
      called((done) => {
        client.set('hello', 'world', {}, (...told) => {
          one(...told)
          done()
        })
      }),
      called((done) => {
        client.set('foo', 'bar', {}, (...told) => {
          other(...told)
          done()
        })
      }),
    ])
    for (const told of [one, other]) {
      expect(told).toHaveBeenCalledExactlyOnceWith(
        expect.objectContaining({ code: expect.stringContaining('ERR_MEMKEEP_CON') as string }),
        null,
      )
    }
    expect(logged).toHaveLength(2)
    expect(logged[0]).toContain(`failed after (${String(retries)}) retries with error`)
    // the two try again together, unless a millisecond ends between their timers
    expect(proxy.accepted).toBeGreaterThanOrEqual(retries)
    expect(proxy.accepted).toBeLessThanOrEqual(2 * retries)
    await proxy.close()
  })

  it('of the server are those of the call, by the words of memjs', async () => {
    const client = make()
    await client.set('text', 'no number', {})
    const attempts: [string, () => Promise<unknown>][] = [
      ['MemJS INCREMENT: Incr/Decr on non-numeric value', () => client.increment('text', 1)],
      ['MemJS DECREMENT: Incr/Decr on non-numeric value', () => client.decrement('text', 1)],
      ['MemJS SET: Value too large', () => client.set('large', Buffer.alloc(2 ** 21))],
      ['MemJS ADD: Value too large', () => client.add('large', Buffer.alloc(2 ** 21))],
      ['MemJS REPLACE: Value too large', () => client.replace('text', Buffer.alloc(2 ** 21))],
    ]
    for (const [message, attempt] of attempts) {
      await expect(attempt()).rejects.toThrow(message)
      expect(logged.at(-1)).toBe(message)
    }
  })
})

describe('several servers', () => {
  it('each flush, tell their statistics, and have their own keys', async () => {
    await using other = await startMemcached('plain')
    const client = make({}, `${plain.address},${other.address}`)
    const keys = Array.from({ length: 40 }, (_, index) => `several${String(index)}`)
    await Promise.all(keys.map((key) => client.set(key, key, {})))
    const here = (await peek.getMany(keys)).size
    expect(here).toBeGreaterThan(0)
    expect(here).toBeLessThan(keys.length)
    const told = new Map<string, unknown>()
    client.stats((_error, name, stats) => told.set(name, stats))
    await eventually(() => {
      expect(told.size).toBe(2)
    })
    expect(told.get(other.address)).toMatchObject({ pid: String(other.pid) })
    expect(
      await called((done) => {
        client.flush(done)
      }),
    ).toEqual([null, { [plain.address]: true, [other.address]: true }])
    expect((await Promise.all(keys.map((key) => client.get(key)))).every(({ value }) => value === null)).toBe(
      true,
    )
  })
})

describe('credentials', () => {
  it('in the string come before those of the options, and those before the environment’s', async () => {
    await using server = await startMemcached('sasl')
    const { username, password } = server.credentials ?? { username: '', password: '' }
    vi.stubEnv('MEMCACHIER_USERNAME', 'nobody')
    vi.stubEnv('MEMCACHIER_PASSWORD', 'wrong')
    const wrong = { username: 'nobody', password: 'wrong', retries: 1 }
    const inText = make(wrong, `${username}:${password}@${server.address}`)
    expect(await inText.set('k', 'x', {})).toBe(true)
    expect(await make({ username, password }, server.address).set('k', 'x', {})).toBe(true)
    await expect(make({ retries: 1 }, server.address).get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_AUTH_REJECTED',
    })
    vi.unstubAllEnvs()
  })
})
