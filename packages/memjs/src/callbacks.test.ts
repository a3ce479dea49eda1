import { once } from 'node:events'
import { encryption, Keyring } from '@memkeep/encryption'
import { startFaultProxy, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import memjs from 'memjs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'
import type { HardenedMemjsOptions } from './options.ts'

type Options = HardenedMemjsOptions<string | Buffer, Buffer | null>
type Untyped = Record<string, (...given: unknown[]) => unknown>

const logger = { log: () => undefined }
const clients: { close(): void }[] = []
let server: MemcachedServer

beforeAll(async () => {
  server = await startMemcached('plain')
})

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

afterAll(async () => {
  await server.stop()
})

function make(options: Options = {}, address = server.address): HardenedMemjsClient {
  const client = HardenedMemjsClient.create(address, { timeout: 20, retries: 1, logger, ...options })
  clients.push(client)
  return client
}

/** Runs something that throws where nobody catches; the runner's own listeners would take it for a failed test. */
async function uncaughtOf(act: () => unknown): Promise<unknown> {
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  try {
    const uncaught = once(process, 'uncaughtException')
    act()
    const [error] = (await uncaught) as [unknown]
    return error
  } finally {
    for (const listener of others) process.on('uncaughtException', listener)
  }
}

const thrown = new Error('of a callback')

describe('a callback that throws', () => {
  it('is called again by memjs with the next answer', async () => {
    const original = memjs.Client.create(server.address, { timeout: 20, logger })
    clients.push(original)
    await original.set('k', 'x', {})
    const callback = vi.fn(() => {
      throw thrown
    })
    expect(
      await uncaughtOf(() => {
        original.get('k', callback)
      }),
    ).toBe(thrown)
    // its answer was left in the buffer
    expect(
      await uncaughtOf(() => {
        original.get('k', () => undefined)
      }),
    ).toBe(thrown)
    expect(callback).toHaveBeenCalledTimes(2)
  })

  it('is called once, and keeps nobody from his answer', async () => {
    const client = make()
    await client.set('k', 'x', {})
    const callback = vi.fn(() => {
      throw thrown
    })
    let others: Promise<unknown> | undefined
    const error = await uncaughtOf(() => {
      client.get('k', callback)
      others = Promise.all([client.get('k'), client.set('k', 'y', {})])
    })
    expect(error).toBe(thrown)
    expect(await others).toEqual([{ value: Buffer.from('x'), flags: expect.any(Buffer) as Buffer }, true])
    expect(callback).toHaveBeenCalledOnce()
    expect(client.servers[0]).toMatchObject({
      requestTimeouts: [],
      responseCallbacks: {},
      errorCallbacks: {},
    })
  })

  it('keeps nobody from his error either', async () => {
    const proxy = await startFaultProxy(server)
    const client = make({}, proxy.address)
    await client.set('k', 'x', {})
    proxy.setMode('freeze')
    let others: Promise<PromiseSettledResult<unknown>[]> | undefined
    const error = await uncaughtOf(() => {
      client.get('k', () => {
        throw thrown
      })
      others = Promise.allSettled([client.get('k'), client.get('k')])
      proxy.reset()
    })
    expect(error).toBe(thrown)
    expect((await others)?.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await proxy.close()
  })

  it('is one of each server where several answer', async () => {
    const client = make()
    expect(
      await uncaughtOf(() => {
        client.stats(() => {
          throw thrown
        })
      }),
    ).toBe(thrown)
    expect(await client.set('k', 'x', {})).toBe(true)
  })
})

describe('what is no key', () => {
  const strange = [
    7,
    null,
    undefined,
    true,
    ['k'],
    { toString: () => 'k' },
    Symbol('k'),
    Buffer.from('k'),
    () => 'k',
    '\ud800',
  ]
  const methods: [string, unknown[]][] = [
    ['get', []],
    ['set', ['x', {}]],
    ['add', ['x', {}]],
    ['replace', ['x', {}]],
    ['delete', []],
    ['append', ['x']],
    ['prepend', ['x']],
    ['increment', [1, {}]],
    ['decrement', [1, {}]],
    ['touch', [1]],
  ]

  it.each(methods)(
    'is told to the promise and to the callback, and nothing is thrown: %s',
    async (name, given) => {
      const client = make() as unknown as Untyped
      for (const key of [...strange, 'k'.repeat(70_000)]) {
        await expect(client[name]?.(key, ...given)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
        const told = await new Promise((resolve) => client[name]?.(key, ...given, resolve))
        expect(told).toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
      }
    },
  )

  it('is any text where names are hidden, however long', async () => {
    const client = make({ middleware: [encryption({ keyring: Keyring.generate(), keyNames: 'hmac' })] })
    const [long, longer] = ['k'.repeat(70_000), 'k'.repeat(70_001)] as const
    expect(await client.set(long, 'long', {})).toBe(true)
    expect(await client.set(longer, 'longer', {})).toBe(true)
    expect((await client.get(long)).value?.toString()).toBe('long')
    expect((await client.get(longer)).value?.toString()).toBe('longer')
    for (const key of strange.slice(0, -1)) {
      await expect(client.get(key as string)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
    }
  })
})

describe('a serializer that asks the client itself', () => {
  it('changes nothing about what is asked', async () => {
    const inner: Promise<unknown>[] = []
    const client: HardenedMemjsClient = make({
      serializer: {
        serialize: (_opcode, value, extras) => {
          if (inner.length === 0) inner.push(client.get('inner'))
          return { value, extras }
        },
        deserialize: (_opcode, value, extras) => ({ value, extras }),
      },
    })
    const plain = make()
    await plain.set('inner', 'of inner', {})
    await plain.set('outer', 'x', {})
    expect(await client.prepend('outer', '>')).toBe(true)
    expect(await inner[0]).toMatchObject({ value: Buffer.from('of inner') })
    expect((await plain.get('outer')).value?.toString()).toBe('>x')
  })
})

describe('values', () => {
  it('share no memory with others', async () => {
    const client = make()
    // more than any Node cuts from a pool of its own
    const large = 'x'.repeat(100_000)
    await Promise.all([client.set('one', large, {}), client.set('two', large, {})])
    const [one, two] = await Promise.all([client.get('one'), client.get('two')])
    expect(one.value?.buffer).not.toBe(two.value?.buffer)
    expect(one.value?.buffer.byteLength).toBe(100_000)
  })
})

describe('closing', () => {
  it('may be done twice, and with what is under way: it is answered, or told', async () => {
    const client = make()
    await client.set('k', 'x', {})
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => client.get('k')))
    client.close()
    client.close()
    expect(await asked).toHaveLength(20)
    const proxy = await startFaultProxy(server)
    const other = make({ timeout: 0.2 }, proxy.address)
    await other.set('k', 'x', {})
    proxy.setMode('blackhole')
    const lost = Promise.allSettled([other.get('k')])
    other.close()
    expect(await lost).toMatchObject([{ status: 'rejected' }])
    await proxy.close()
  })
})
