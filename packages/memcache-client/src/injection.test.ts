import { connect } from 'node:net'
import { MemcachedClient } from '@memkeep/client'
import type { Middleware } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { startMemcached, startRelay, type MemcachedServer } from '@memkeep/testkit'
import { MemcacheClient, type RetrievalCommandResponse } from 'memcache-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

type Read = RetrievalCommandResponse<string>
/** A client as JavaScript sees it, which takes anything. */
type Untyped = Record<
  'get' | 'gets' | 'set' | 'add' | 'cas' | 'store' | 'retrieve' | 'delete' | 'incr' | 'touch',
  (...given: unknown[]) => Promise<unknown>
>

let plain: MemcachedServer
let peek: MemcachedClient
const clients: { shutdown(): void }[] = []

beforeAll(async () => {
  plain = await startMemcached('plain')
  peek = new MemcachedClient({ servers: plain.address })
})

beforeEach(() => peek.set('victim', 'right'))

afterEach(() => {
  for (const client of clients.splice(0)) client.shutdown()
})

afterAll(async () => {
  await peek.close()
  await plain.stop()
})

function make(options: Partial<HardenedMemcacheClientOptions> = {}): HardenedMemcacheClient {
  const client = new HardenedMemcacheClient({ server: plain.address, ...options })
  clients.push(client)
  return client
}

/** What the server replies on a connection of its own, up to the reply to a `version` that follows. */
async function replyTo(commands: string | Buffer): Promise<string> {
  const socket = connect(plain.port, plain.host)
  socket.write(Buffer.concat([Buffer.from(commands), Buffer.from('version\r\n')]))
  let reply = ''
  for await (const chunk of socket) {
    reply += String(chunk)
    if (/(?:^|\r\n)VERSION [^\r]*\r\n$/.test(reply)) break
  }
  return reply
}

const untyped = (client: MemcacheClient): Untyped => client as unknown as Untyped
const victim = async (): Promise<string | undefined> => (await peek.get('victim'))?.toString()

describe('a crafted key', () => {
  const crafted = 'x\r\nset victim 0 0 5\r\nwrong\r\nget x'

  it('runs a second command in the original', async () => {
    const original = new MemcacheClient({ server: plain.address })
    clients.push(original)
    await original.get(crafted).catch(() => undefined)
    while ((await victim()) !== 'wrong') await new Promise(setImmediate)
  })

  it('is refused by every method, and nothing is sent', async () => {
    const client = make()
    const attempts = [
      ...[() => client.get(crafted), () => client.get(['a', crafted]), () => client.gets(crafted)],
      ...[() => client.set(crafted, 'x'), () => client.add(crafted, 'x'), () => client.replace(crafted, 'x')],
      ...[() => client.append(crafted, 'x'), () => client.prepend(crafted, 'x')],
      ...[() => client.cas(crafted, 'x', { casUniq: 1 }), () => client.delete(crafted)],
      ...[() => client.incr(crafted, 1), () => client.decr(crafted, 1), () => client.touch(crafted, 1)],
      ...[() => client.store('set', crafted, 'x'), () => client.retrieve('get', crafted)],
      ...[() => client.xretrieve('get', crafted), () => client.get('k'.repeat(251)), () => client.get('')],
    ]
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
    }
    const told = await new Promise((resolve) => {
      client
        .get(crafted, (error) => {
          resolve(error)
        })
        .catch(() => undefined)
    })
    expect(told).toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
    expect(await victim()).toBe('right')
  })

  it('gets nowhere as a number or a command either', async () => {
    const client = make()
    const text = '1\r\nset victim 0 0 5\r\nwrong' as unknown as number
    for (const attempt of [
      () => client.incr('k', text),
      () => client.decr('k', text),
      () => client.touch('k', text),
      () => client.set('k', 'x', { lifetime: text }),
      () => client.cas('k', 'x', { casUniq: text }),
    ]) {
      await expect(attempt()).rejects.toThrow(RangeError)
    }
    await expect(client.store('flush_all\r\nset', 'k', 'x')).rejects.toThrow(TypeError)
    await expect(client.retrieve('flush_all\r\nget', 'k')).rejects.toThrow(TypeError)
    expect(await victim()).toBe('right')
  })

  it('may be the name of a property that every object has', async () => {
    const client = make()
    for (const key of ['__proto__', 'constructor', 'toString']) {
      expect(await client.get(key)).toBeUndefined()
      await client.set(key, 'x')
      expect((await client.get<Read>(key)).value).toBe('x')
      const all = await client.get<Record<string, Read>>([key])
      expect(Object.keys(all)).toEqual([key])
    }
  })
})

describe('a crafted value', () => {
  const value = 'set victim 0 0 5\r\nwrong'
  const unreadable: [string, (client: Untyped) => Promise<unknown>][] = [
    ['a lifetime of 20 digits', ({ set }) => set('k', value, { lifetime: '99999999999999999999' })],
    ['a lifetime that is none', ({ set }) => set('k', value, { lifetime: null })],
    ['a casUniq beyond 64 bits', ({ cas }) => cas('k', value, { casUniq: '99999999999999999999' })],
    ['no casUniq', ({ store }) => store('cas', 'k', value)],
    ['a casUniq where none belongs', ({ set }) => set('k', value, { casUniq: 1, noreply: true })],
  ]

  // 1.6.45 discards what follows a line that it refuses, 1.6.39 and older run it
  it.each(unreadable)('is up to memcached in the original after %s', async (_, store) => {
    const control = await replyTo(`set none 0 none ${String(value.length)}\r\n${value}\r\n`)
    const runs = control.includes('STORED')
    await peek.set('victim', 'right')
    await using relay = await startRelay(plain)
    const original = new MemcacheClient({ server: relay.address })
    clients.push(original)
    await Promise.resolve(store(bound(original))).catch(() => undefined)
    while (!relay.sent().toString().endsWith(`${value}\r\n`)) await new Promise(setImmediate)
    const reply = await replyTo(relay.sent())
    expect([reply.includes('STORED'), await victim()]).toEqual([runs, runs ? 'wrong' : 'right'])
  })

  it.each(unreadable)('does not run after %s', async (_, store) => {
    const client = make()
    await store(bound(client)).catch((error: unknown) => {
      expect(error).toBeInstanceOf(RangeError)
    })
    await client.set('after', 'x')
    expect((await client.get<Read>('after')).value).toBe('x')
    expect(await victim()).toBe('right')
  })

  it('does not run after flags of a middleware that are none', async () => {
    const middleware: Middleware = { name: 'wild', encode: (entry) => ({ ...entry, flags: 2 ** 40 }) }
    await expect(make({ middleware: [middleware] }).set('k', value)).rejects.toThrow(RangeError)
    expect(await victim()).toBe('right')
  })

  it('is refused with a lifetime in milliseconds, which memcached would take for another', async () => {
    await expect(make().set('k', 'x', { lifetime: Date.now() + 1_000 })).rejects.toThrow('no milliseconds')
    await expect(make().touch('k', Date.now())).rejects.toThrow(RangeError)
  })
})

describe('what is no text', () => {
  const crafted = 'k\r\nset victim 0 0 5\r\nwrong'
  const strange = [
    { toString: () => crafted },
    { [Symbol.toPrimitive]: () => crafted },
    [crafted],
    [[crafted]],
    Symbol(crafted),
    7,
    null,
    undefined,
    true,
    '\ud800',
    () => crafted,
    Object(crafted) as object,
    new Proxy({}, { get: () => () => crafted }),
  ]

  it.each([
    ['', {}],
    [
      ', though its name is hidden',
      { middleware: [encryption({ keyring: Keyring.generate(), keyNames: 'hmac' })] },
    ],
  ] as const)('is no key%s', async (_, options) => {
    const client = make(options)
    const any = bound(client)
    for (const key of strange.filter((each) => each !== '\ud800')) {
      for (const ask of [
        () => any.get([key]),
        () => any.gets(['a', key]),
        () => any.set(key, 'x'),
        () => any.delete(key),
        () => any.touch(key, 1),
        ...(Array.isArray(key) ? [] : [() => any.get(key)]),
      ]) {
        await expect(ask(), typeof key).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
      }
    }
    expect(await victim()).toBe('right')
  })

  it('is no number', async () => {
    const any = bound(make())
    for (const number of [
      ...strange,
      '1 noreply',
      ' 1',
      '1\n',
      '0x1',
      1.5,
      Number.NaN,
      Infinity,
      1e21,
      -(2 ** 40),
    ]) {
      if (number === 7) continue
      await expect(any.touch('k', number)).rejects.toThrow(RangeError)
      if (number !== undefined && number !== null) {
        await expect(any.set('k', 'x', { lifetime: number })).rejects.toThrow(RangeError)
      }
    }
    expect(await victim()).toBe('right')
  })

  it('is no command', async () => {
    const any = bound(make())
    for (const command of [...strange, 'flush_all\r\nset', 'SET', '']) {
      await expect(any.store(command, 'k', 'x')).rejects.toThrow(TypeError)
      await expect(any.retrieve(command, 'k')).rejects.toThrow(TypeError)
    }
    expect(await victim()).toBe('right')
  })

  it('is no value, unless it can be packed', async () => {
    const client = make()
    const any = bound(client)
    for (const value of [undefined, true, Symbol('x'), () => 1, 1n, { toJSON: () => undefined }]) {
      await expect(any.set('odd', value)).rejects.toThrow(TypeError)
    }
    for (const [value, read] of [
      [null, null],
      [
        [1, { deep: true }],
        [1, { deep: true }],
      ],
      [Number.NaN, Number.NaN],
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      ['a\ud800b', 'a\ufffdb'],
    ]) {
      await any.set('odd', value)
      expect((await client.get<RetrievalCommandResponse<unknown>>('odd')).value).toEqual(read)
    }
  })
})

describe('what is not answered', () => {
  it('is so by the word of memcached too, whatever says so', async () => {
    const relay = await startRelay(plain)
    const client = make({ server: relay.address })
    const any = bound(client)
    for (const noreply of [1, 'yes', {}]) {
      expect(await any.set('k', 'x', { noreply })).toBeUndefined()
      expect(await any.incr('none', 1, { noreply })).toBeUndefined()
    }
    expect((await client.get<Read>('k')).value).toBe('x')
    expect(relay.sent().toString().split(' noreply\r\n')).toHaveLength(7)
    await relay.close()
  })

  it('is no reading', async () => {
    const client = make()
    await client.set('k', 'x')
    const [read, many, stored] = await Promise.all([
      client.get<Read>('k', { noreply: true }),
      client.get<Record<string, Read>>(['k'], { noreply: true }),
      client.set('other', 'y'),
    ])
    expect([read.value, Object.values(many)[0]?.value, stored]).toEqual(['x', 'x', ['STORED']])
  })
})

/** Its methods as functions of their own. */
function bound(client: MemcacheClient): Untyped {
  const any = untyped(client)
  const names = ['get', 'gets', 'set', 'add', 'cas', 'store', 'retrieve', 'delete', 'incr', 'touch'] as const
  return Object.fromEntries(names.map((name) => [name, any[name].bind(client)])) as unknown as Untyped
}
