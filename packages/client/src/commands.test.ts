import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  findServerFeatures,
  startMemcached,
  startRelay,
  type MemcachedServer,
  type Posture,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { MemcachedClientOptions } from './options.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const { metaCommands, protocols } = await findServerFeatures()
/** What a client chooses by default where the binary protocol is not needed. */
const textFamily = metaCommands ? 'meta' : 'text'

type Way = readonly [string, Posture, (server: MemcachedServer) => Partial<MemcachedClientOptions>]

/** Every protocol on the servers that speak it. */
const WAYS: readonly Way[] = [
  ...protocols.map((protocol): Way => [protocol, 'plain', () => ({ protocol })]),
  [`${textFamily} over TLS`, 'tls', ({ clientTls }) => ({ transport: tls(clientTls) })],
  [
    'text over TLS, chosen by name',
    'tls',
    ({ clientTls }) => ({ transport: tls(clientTls), protocol: 'text' }),
  ],
  [
    'binary over TLS with SASL',
    'tls+sasl',
    ({ clientTls, credentials }) => ({
      transport: tls(clientTls),
      ...(credentials && { auth: sasl(credentials) }),
    }),
  ],
  [
    `${textFamily} with a password`,
    'ascii-auth',
    ({ credentials }) => ({ ...(credentials && { auth: asciiAuth(credentials) }) }),
  ],
]

describe.each(WAYS)('the commands in %s', (_, posture, options) => {
  let server: MemcachedServer
  let cache: MemcachedClient
  let keys = 0
  /** A key that no other test has. */
  const fresh = (): string => `k${String(keys++)}`

  beforeAll(async () => {
    server = await startMemcached(posture)
    cache = new MemcachedClient({ servers: server.address, ...options(server) })
  })
  afterAll(async () => {
    await cache.close()
    await server.stop()
  })

  const text = async (key: string): Promise<string | undefined> => (await cache.get(key))?.toString()

  it('add stores only what is not there, replace only what is', async () => {
    const key = fresh()
    expect(await cache.replace(key, 'x')).toBe(false)
    expect(await cache.add(key, 'first')).toBe(true)
    expect(await cache.add(key, 'second')).toBe(false)
    expect(await text(key)).toBe('first')
    expect(await cache.replace(key, 'third')).toBe(true)
    expect(await text(key)).toBe('third')
  })

  it('append and prepend put bytes around a value that is there', async () => {
    const key = fresh()
    expect(await cache.append(key, 'x')).toBe(false)
    expect(await cache.prepend(key, 'x')).toBe(false)
    await cache.set(key, 'b')
    expect(await cache.append(key, 'c')).toBe(true)
    expect(await cache.prepend(key, 'a')).toBe(true)
    expect(await text(key)).toBe('abc')
  })

  it('gets and cas store only over what was read', async () => {
    const key = fresh()
    expect(await cache.gets(key)).toBeUndefined()
    expect(await cache.cas(key, 'x', 1n)).toBe('not-found')
    await cache.set(key, 'one', { flags: 0xffff_ffff })
    const item = await cache.gets(key)
    expect(item).toMatchObject({ value: Buffer.from('one'), flags: 0xffff_ffff })
    const unique = item?.cas ?? 0n
    expect(await cache.cas(key, 'two', unique)).toBe('stored')
    expect(await cache.cas(key, 'three', unique)).toBe('exists')
    expect(await text(key)).toBe('two')
  })

  it('increment and decrement count 64 bits', async () => {
    const key = fresh()
    expect(await cache.increment(key)).toBeUndefined()
    expect(await cache.increment(key, { by: 5, initial: 18446744073709551614n })).toBe(18446744073709551614n)
    expect(await cache.increment(key, { initial: 7 })).toBe(18446744073709551615n)
    expect(await cache.increment(key)).toBe(0n)
    expect(await cache.increment(key, { by: 9007199254740993n })).toBe(9007199254740993n)
    expect(await cache.decrement(key, { by: 3 })).toBe(9007199254740990n)
    expect(await cache.decrement(key, { by: 18446744073709551615n })).toBe(0n)
    await cache.set(key, 'no number')
    await expect(cache.increment(key)).rejects.toEqual(code('NOT_A_NUMBER'))
    expect(await text(key)).toBe('no number')
  })

  it('touch and getAndTouch give a new expiry', async () => {
    const key = fresh()
    const past = new Date(Date.now() - 1000)
    expect(await cache.touch(key, { ttl: 60 })).toBe(false)
    expect(await cache.getAndTouch(key, { ttl: 60 })).toBeUndefined()
    await cache.set(key, 'x', { ttl: 60 })
    expect(await cache.touch(key, { expiresAt: new Date(Date.now() + 90_000) })).toBe(true)
    expect((await cache.getAndTouch(key, { ttl: 2_592_001 }))?.toString()).toBe('x')
    expect(await text(key)).toBe('x')
    expect(await cache.touch(key, { expiresAt: past })).toBe(true)
    expect(await cache.get(key)).toBeUndefined()
  })

  it('a value that ends in the past is not kept, one without an end is', async () => {
    const key = fresh()
    await cache.set(key, 'x', { expiresAt: new Date(0) })
    expect(await cache.get(key)).toBeUndefined()
    await cache.set(key, 'x', { ttl: 0 })
    expect(await text(key)).toBe('x')
  })

  it('getMany finds what is there, in the order of the keys, each once', async () => {
    const some = Array.from({ length: 2_500 }, fresh)
    await Promise.all(some.filter((__, index) => index % 2 === 0).map((key) => cache.set(key, `of ${key}`)))
    const found = await cache.getMany([...some, ...some])
    expect([...found.keys()]).toEqual(some.filter((__, index) => index % 2 === 0))
    for (const [key, value] of found) expect(value.toString()).toBe(`of ${key}`)
    expect(found.faults).toEqual([])
    expect((await cache.getMany([])).size).toBe(0)
  })

  it('stats and version tell of every server', async () => {
    const stats = (await cache.stats()).get(server.address)
    expect(Number(stats?.get('pid'))).toBe(server.pid)
    expect((await cache.stats('settings')).get(server.address)?.get('item_size_max')).toBe('1048576')
    expect((await cache.version()).get(server.address)).toBe(stats?.get('version'))
    for (const group of ['reset', 'detail', 'a b', 'x\r\nflush_all', 'A']) {
      await expect(cache.stats(group)).rejects.toThrow(RangeError)
    }
  })

  it('a value that is too large is an error that tells both sizes, and leaves no stale one', async () => {
    const key = fresh()
    const large = Buffer.alloc(1_100_000)
    await cache.set(key, 'old')
    const error = await cache.set(key, large).catch((reason: unknown) => reason)
    expect(error).toEqual(code('VALUE_TOO_LARGE'))
    // a proxy may close the connection at the question for the limit, and those speak classic text
    const { protocol = posture === 'tls+sasl' ? 'binary' : textFamily } = options(server)
    const limit = protocol === 'text' ? 'than the server takes' : '1048576 bytes.*header'
    expect((error as Error).message).toMatch(new RegExp(`1100000 bytes .*${limit}.*deleted`))
    expect(await cache.get(key)).toBeUndefined()
    await cache.set(key, 'old')
    await expect(cache.replace(key, large)).rejects.toEqual(code('VALUE_TOO_LARGE'))
    expect(await cache.get(key)).toBeUndefined()
    await expect(cache.add(key, large)).rejects.toEqual(code('VALUE_TOO_LARGE'))
    expect(await cache.set(key, 'new')).toBe(true)
  })

  /** Milliseconds that no loaded machine needs. */
  const PATIENT = { timeout: 600_000 }

  it('loses nothing of 10,000 sets of mixed sizes at once', async () => {
    const sizes = [1, 100, 777, 4_000, 16_383, 16_384, 16_385, 30_000]
    const value = (index: number): Buffer =>
      Buffer.alloc(index % 100 === 0 ? 200_000 : (sizes[index % sizes.length] ?? 0), `${String(index)}.`)
    const indexes = Array.from({ length: 10_000 }, (__, index) => index)
    const stored = await Promise.all(
      indexes.map((index) => cache.set(`mixed:${String(index % 500)}`, value(index), PATIENT)),
    )
    expect(stored.every(Boolean)).toBe(true)
    const last = indexes.slice(-500)
    const read = await cache.getMany(
      last.map((index) => `mixed:${String(index % 500)}`),
      PATIENT,
    )
    for (const index of last)
      expect(read.get(`mixed:${String(index % 500)}`)?.equals(value(index))).toBe(true)
  })

  it('dangerouslyFlushAll forgets everything', async () => {
    const key = fresh()
    await cache.set(key, 'x')
    await cache.dangerouslyFlushAll()
    expect(await cache.get(key)).toBeUndefined()
  })
})

describe('a namespace', () => {
  it('stands before every key on the wire, and in no result', async () => {
    await using server = await startMemcached('plain')
    await using relay = await startRelay(server)
    await using cache = new MemcachedClient({ servers: relay.address, namespace: 'shop' })
    await using bare = new MemcachedClient({ servers: server.address })
    await cache.set('k', 'mine')
    await bare.set('k', 'other')
    expect((await cache.get('k'))?.toString()).toBe('mine')
    expect([...(await cache.getMany(['k'])).keys()]).toEqual(['k'])
    expect((await bare.get('shop:k'))?.toString()).toBe('mine')
    expect(relay.saw(textFamily === 'meta' ? 'mg k ' : 'get k\r\n')).toBe(false)
    await expect(cache.get('')).rejects.toEqual(code('INVALID_KEY'))
    await expect(cache.get('x'.repeat(246))).rejects.toEqual(code('INVALID_KEY'))
  })
})

describe('the options of a call', () => {
  it('default to those of the client, and are checked before anything is sent', async () => {
    await using server = await startMemcached('plain')
    await using cache = new MemcachedClient({ servers: server.address, ttl: 1, maxValueBytes: 10 })
    await cache.set('long', 'x', { ttl: 0 })
    await cache.set('short', 'x')
    while ((await cache.get('short')) !== undefined);
    expect(await cache.get('long')).toBeDefined()

    await expect(cache.set('long', 'x'.repeat(11))).rejects.toThrow(/11 bytes .* limit of 10 bytes.*deleted/)
    expect(await cache.get('long')).toBeUndefined()

    await expect(cache.set('k', 'x', { flags: 2 ** 32 })).rejects.toThrow(RangeError)
    await expect(cache.set('k', 'x', { ttl: 1, expiresAt: new Date() })).rejects.toThrow(TypeError)
    await expect(cache.get('k', { timeout: 0 })).rejects.toThrow(RangeError)
    await expect(cache.increment('k', { by: -1 })).rejects.toThrow(RangeError)
    await expect(cache.increment('k', { by: 2n ** 64n })).rejects.toThrow(RangeError)
    await expect(cache.cas('k', 'x', -1n)).rejects.toThrow(RangeError)
    await expect(cache.dangerouslyFlushAll({ delay: 0.5 })).rejects.toThrow(RangeError)
  })

  it('signal ends the wait with its reason, before and after the call', async () => {
    await using server = await startMemcached('plain')
    await using cache = new MemcachedClient({ servers: server.address })
    const reason = new Error('enough')
    await expect(cache.get('k', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const abort = new AbortController()
    const read = cache.get('k', { signal: abort.signal })
    abort.abort(reason)
    await expect(read).rejects.toBe(reason)
    expect(await cache.get('k')).toBeUndefined()
  })
})

describe('a middleware that changes values', () => {
  it('makes those commands impossible that work on the stored bytes', async () => {
    const reverse = (value: Buffer): Buffer => Buffer.from(value).reverse()
    await using server = await startMemcached('plain')
    await using cache = new MemcachedClient({
      servers: server.address,
      middleware: [
        {
          name: 'reverse',
          encode: (entry) => ({ ...entry, value: reverse(entry.value) }),
          decode: (entry) => ({ ...entry, value: reverse(entry.value) }),
        },
      ],
    })
    await cache.set('k', 'abc')
    for (const refused of [
      cache.append('k', 'x'),
      cache.prepend('k', 'x'),
      cache.increment('k'),
      cache.decrement('k'),
    ])
      await expect(refused).rejects.toEqual(code('UNSUPPORTED_OPERATION'))
    const item = await cache.gets('k')
    expect(item?.value.toString()).toBe('abc')
    expect(await cache.cas('k', 'def', item?.cas ?? 0n)).toBe('stored')
    expect((await cache.getMany(['k'])).get('k')?.toString()).toBe('def')
  })
})
