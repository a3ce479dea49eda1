import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

/** A client whose methods take what callers of JavaScript write. */
type Loose = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>

let server: MemcachedServer
let client: MemcachedClient
const sent: unknown[] = []
const onSent = (message: unknown): unknown => sent.push(message)
beforeAll(async () => {
  server = await startMemcached('plain')
  client = new MemcachedClient({ servers: server.address })
  await client.set('k', '1', { ttl: 100 })
  subscribe('tracing:memkeep:client:command:start', onSent)
})
afterEach(() => {
  sent.length = 0
})
afterAll(async () => {
  unsubscribe('tracing:memkeep:client:command:start', onSent)
  await client.close()
  await server.stop()
})

const callback = (): void => undefined
const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
  (client as unknown as Loose)[method]?.apply(client, [...args]) ?? Promise.reject(new Error(`No ${method}`))

/** Each method with what comes before its options. */
const METHODS: readonly { readonly method: string; readonly before: readonly unknown[] }[] = [
  ...['get', 'gets', 'getAndTouch', 'delete', 'increment', 'decrement', 'touch'].map((method) => ({
    method,
    before: ['k'],
  })),
  ...['set', 'add', 'replace', 'append', 'prepend'].map((method) => ({ method, before: ['k', '2'] })),
  { method: 'getMany', before: [['k']] },
  { method: 'cas', before: ['k', '2', 1n] },
  { method: 'stats', before: [''] },
  { method: 'version', before: [] },
  { method: 'dangerouslyFlushAll', before: [] },
]

describe.each(METHODS)('$method', ({ method, before }) => {
  it.each([
    ['a number', 60],
    ['null', null],
    ['text', '60'],
    ['an array', []],
    ['a callback', callback],
    ['an unknown option', { retires: 3 }],
    ['a timeout of text', { timeout: '5000' }],
    ['a signal that is none', { signal: { aborted: false } }],
  ])('refuses %s, and sends nothing', async (_, options) => {
    await expect(call(method, [...before, options])).rejects.toThrow(TypeError)
    await expect(call(method, [...before, options])).rejects.toThrow(new RegExp(`^(${method}\\b|timeout)`))
    expect(sent).toEqual([])
  })

  it.each([NaN, 0, -1, Infinity, 2 ** 31])('refuses a timeout of %d, and sends nothing', async (timeout) => {
    await expect(call(method, [...before, { timeout }])).rejects.toThrow(RangeError)
    expect(sent).toEqual([])
  })
})

describe('what to write instead', () => {
  it.each([
    ['set', ['k', '2', 60], '{ ttl: seconds }'],
    ['add', ['k', '2', 60], '{ ttl: seconds }'],
    ['set', ['k', '2', 60, callback], '{ ttl: seconds }'],
    ['set', ['k', '2', callback], 'await'],
    ['get', ['k', callback], 'await'],
    ...['expires', 'lifetime', 'TTL', 'expiration', 'exptime'].map(
      (name) => ['set', ['k', '2', { [name]: 60 }], 'write "ttl", in seconds'] as const,
    ),
    ['touch', ['k', 60], '{ ttl: seconds }'],
    ['getAndTouch', ['k', 60], '{ ttl: seconds }'],
    ['increment', ['k', 5], '{ by: number }'],
    ['increment', ['k', { amount: 5 }], 'write "by"'],
    ['decrement', ['k', 5n], '{ by: number }'],
    ['dangerouslyFlushAll', [60], '{ delay: seconds }'],
    ['append', ['k', '2', { ttl: 60 }], 'signal, timeout'],
  ] as const)('%s, case %#', async (method, args, advice) => {
    await expect(call(method, args)).rejects.toThrow(advice)
    expect(sent).toEqual([])
  })

  it.each([undefined, null, 'k', 7, { k: 1 }])('getMany(%j)', async (keys) => {
    await expect(call('getMany', [keys])).rejects.toThrow('getMany takes an array')
    expect(sent).toEqual([])
  })
})

describe('options of a call', () => {
  it('count as far as they are their own', async () => {
    const inherited = Object.create({ flags: 7, ttl: 1 }) as object
    expect(await client.set('own', 'v', inherited)).toBe(true)
    expect(await client.gets('own')).toMatchObject({ flags: 0 })
    const own: unknown = Object.assign(Object.create(null), { flags: 5 })
    expect(await client.set('own', 'v', own as object)).toBe(true)
    expect(await client.gets('own')).toMatchObject({ flags: 5 })
  })

  it('of close are checked too', async () => {
    const other = new MemcachedClient({ servers: server.address })
    for (const options of [500, { timout: 5 }, { timeout: '5' }, callback]) {
      await expect(other.close(options as never)).rejects.toThrow(TypeError)
    }
    await other.close()
  })
})
