import { Socket } from 'node:net'
import { deflateSync, inflateSync } from 'node:zlib'
import {
  eventually,
  startFaultProxy,
  startMemcached,
  startRelay,
  type MemcachedServer,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import {
  Status,
  ValueFlags,
  type CompressorLibrary,
  type MemcacheConnection,
  type MemcacheNode,
  type RetrievalCommandResponse,
  type StatsCommandResponse,
} from 'memcache-client'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fails } from '../test/fails.ts'
import { startImpostor } from '../test/servers.ts'
import { HardenedConnection } from './hardened-connection.ts'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

// what memcache-client's own tests describe, beside what behaviours.test.ts and connections.test.ts show in every posture

type Read = RetrievalCommandResponse<string>
/** A name that no resolver is asked for: a label has 63 characters at most. */
const NOWHERE = `${'x'.repeat(70)}.invalid:11211`

const compressor: CompressorLibrary = {
  compressSync: (payload) => deflateSync(payload?.input as Buffer),
  decompressSync: ({ input }) => inflateSync(input as Buffer),
}

let plain: MemcachedServer
const clients: HardenedMemcacheClient[] = []

beforeAll(async () => {
  plain = await startMemcached('plain')
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const client of clients.splice(0)) client.shutdown()
})

afterAll(async () => {
  await plain.stop()
})

function make(options: Partial<HardenedMemcacheClientOptions> = {}): HardenedMemcacheClient {
  const client = new HardenedMemcacheClient({ server: plain.address, ...options })
  clients.push(client)
  return client
}

const nodeOf = (client: HardenedMemcacheClient): MemcacheNode =>
  (client._servers as unknown as { _getNode(): MemcacheNode })._getNode()
const connectionsOf = (client: HardenedMemcacheClient): readonly MemcacheConnection[] =>
  nodeOf(client).connections
const pidOf = ({ STAT }: StatsCommandResponse): string | undefined =>
  STAT.find(([name]) => name === 'pid')?.[1]

describe('options', () => {
  it.each([
    [undefined, [true, 60_000]],
    [10_000, [true, 10_000]],
    [false, [false]],
  ] as const)('keepAlive %s', async (keepAlive, asked) => {
    const spy = vi.spyOn(Socket.prototype, 'setKeepAlive')
    await make(keepAlive === undefined ? {} : { keepAlive }).set('k', 'x')
    expect(spy.mock.calls).toEqual([asked])
  })

  it.each([true, false])('noDelay %s', async (noDelay) => {
    const spy = vi.spyOn(Socket.prototype, 'setNoDelay')
    await make({ noDelay }).set('k', 'x')
    // the transport has it on from the start
    expect(spy.mock.calls).toEqual(noDelay ? [[true]] : [])
  })

  it('logger null', () => {
    expect(make({ logger: null })._logger).toBeNull()
  })

  it('lifetime, of a command, of the client, and neither', async () => {
    const relay = await startRelay(plain)
    await make({ server: relay.address, lifetime: 100 }).set('a', 'x')
    await make({ server: relay.address, lifetime: 100 }).set('b', 'x', { lifetime: 500 })
    await make({ server: relay.address }).set('c', 'x')
    await make({ server: relay.address }).set('d', 'x', { lifetime: 0 })
    const sent = relay.sent().toString()
    for (const line of ['set a 0 100 1', 'set b 0 500 1', 'set c 0 60 1', 'set d 0 0 1']) {
      expect(sent).toContain(`${line}\r\n`)
    }
    await relay.close()
  })

  it('ignoreNotStored, of the client and of a command', async () => {
    const asynchronous = await startImpostor('NOT_STORED\r\n')
    const ignoring = make({ server: asynchronous.address, ignoreNotStored: true })
    expect(await ignoring.set('k', 'x')).toBe('ignore NOT_STORED')
    const client = make({ server: asynchronous.address })
    expect(await client.set('k', 'x', { ignoreNotStored: true })).toBe('ignore NOT_STORED')
    expect(await fails(client.set('k', 'x'))).toBe('NOT_STORED')
    await asynchronous.close()
  })

  it('ignoreNotStored, and another error all the same', async () => {
    const proxy = await startFaultProxy(plain)
    const client = make({ server: proxy.address, ignoreNotStored: true, cmdTimeout: 100 })
    await client.set('k', 'x')
    proxy.setMode('blackhole')
    expect(await fails(client.set('k', 'x'))).toBe('Command timeout')
    await proxy.close()
  })

  it('Promise', async () => {
    class Own<T> extends Promise<T> {}
    const client = make({ Promise: Own as unknown as PromiseConstructor })
    for (const answer of [
      client.set('k', 'x'),
      client.get('k'),
      client.cmd('stats'),
      client.xsend('get k\r\n'),
    ]) {
      expect(answer).toBeInstanceOf(Own)
      await answer
    }
    const refused = client.get('')
    expect(refused).toBeInstanceOf(Own)
    await expect(refused).rejects.toThrow('key')
  })

  it.each([undefined, 1, 2, 3, 4, 5, 10])('maxConnections %s', async (maxConnections) => {
    const client = make({
      server: { server: plain.address, ...(maxConnections !== undefined && { maxConnections }) },
    })
    const keys = ['text维基百科', 'blah', '天津', 'number', 'binary']
    await Promise.all(keys.map((key) => client.set(key, key)))
    const each = await Promise.all(keys.map((key) => client.get<Read>(key)))
    expect(each.map(({ value }) => value)).toEqual(keys)
    const all = await client.send<Record<string, Read>>(`gets ${keys.join(' ')}\r\n`)
    expect(keys.map((key) => all[key]?.value)).toEqual(keys)
    expect(connectionsOf(client)).toHaveLength(Math.min(maxConnections ?? 1, keys.length))
  })
})

describe('values', () => {
  it('that JSON cannot hold', async () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = { circular }
    expect(await fails(make().set('k', circular))).toContain('circular structure')
  })

  it('that are no JSON', async () => {
    const client = make()
    await client.send(`set bad ${String(ValueFlags.TYPE_JSON)} 60 5\r\nabcde\r\n`)
    await expect(client.get('bad')).rejects.toThrow(SyntaxError)
    expect(await client.set('good', 'x')).toEqual(['STORED'])
  })

  it('that do not decompress, and do not compress', async () => {
    const client = make({ compressor })
    await client.send(`set bad ${String(ValueFlags.COMPRESS)} 60 5\r\nabcde\r\n`)
    expect(await fails(client.get('bad'))).toContain('incorrect header check')
    const failing = make({
      compressor: {
        ...compressor,
        compressSync: () => {
          throw new Error('compress failure')
        },
      },
    })
    expect(await fails(failing.set('k', Buffer.alloc(200), { compress: true }))).toBe('compress failure')
    expect(await failing.set('k', Buffer.alloc(99), { compress: true })).toEqual(['STORED'])
  })

  it('that changed since', async () => {
    const client = make()
    await client.set('k', 'one')
    const { casUniq } = await client.gets<{ casUniq: string; value: string; tokens: string[] }>('k')
    expect(await fails(client.cas('k', 'x', { casUniq: Number(casUniq) + 500 }))).toBe('EXISTS')
    expect(() => client.cas('k', 'x', {} as { casUniq: string })).toThrow('casUniq')
  })

  it('that are counted without an answer', async () => {
    const client = make()
    await client.set('n', '1', { noreply: true })
    expect(await client.cmd('incr n 5', { noreply: true })).toBeUndefined()
    expect(await client.decr('n', 1, { noreply: true })).toBeUndefined()
    expect(await client.touch('n', 60, { noreply: true })).toBeUndefined()
    expect((await client.get<Read>('n')).value).toBe('5')
  })
})

describe('callbacks of every method', () => {
  const answersOf = async (client: HardenedMemcacheClient): Promise<unknown[]> => {
    type Done = (error?: Error | null, data?: unknown) => void
    const asks: ((done: Done) => unknown)[] = [
      (done) => client.send('set c 0 0 1\r\n1\r\n', {}, done),
      (done) => client.send('get c\r\n', done),
      (done) => client.cmd('touch c 60', {}, done),
      (done) => client.set('c', '1', {}, done),
      (done) => client.set('c', '1', done),
      (done) => client.add('c', '1', { ignoreNotStored: true }, done),
      (done) => client.replace('c', '5', done),
      (done) => client.append('c', '0', done),
      (done) => client.prepend('c', '1', {}, done),
      (done) => client.incr('c', 5, {}, done),
      (done) => client.decr('c', 1, done),
      (done) => client.touch('c', 60, done),
      (done) => client.gets('c', done),
      (done) => client.get(['c'], {}, done),
      (done) => client.retrieve('get', 'c', {}, done),
      (done) => client.store('set', 'c', '1', done),
      (done) => client.delete('c', done),
      (done) => client.version(done),
    ]
    const told: unknown[] = []
    for (const ask of asks) {
      told.push(
        await new Promise((resolve) => {
          ask((error, data) => {
            resolve(error ?? data)
          })
        }),
      )
    }
    return told
  }

  it('are told what the promises would', async () => {
    const found = (value: string, cas?: string): object => ({
      tokens: ['VALUE', 'c', '0', String(value.length), ...(cas === undefined ? [] : [cas])],
      casUniq: cas,
      value,
    })
    const told = await answersOf(make())
    const { casUniq } = told[12] as { casUniq: string }
    expect(told).toEqual([
      ['STORED'],
      { c: found('1') },
      ['TOUCHED'],
      ['STORED'],
      ['STORED'],
      'ignore NOT_STORED',
      ['STORED'],
      ['STORED'],
      ['STORED'],
      '155',
      '154',
      ['TOUCHED'],
      found('154', casUniq),
      { c: found('154') },
      found('154'),
      ['STORED'],
      ['DELETED'],
      ['VERSION', expect.any(String)],
    ])
  })
})

describe('connecting', () => {
  it.each([
    ['plain', {}],
    ['TLS', { transport: tls() }],
  ])('fails where nobody listens, and where nobody is: %s', async (_, options) => {
    const refused = make({ server: '127.0.0.1:1', ...options })
    await expect(refused.cmd('stats')).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED') as string,
      connecting: true,
    })
    expect(await fails(make({ server: NOWHERE, ...options }).cmd('stats'))).toContain('ENOTFOUND')
  })

  it('takes too long, and leaves no dangling socket whatever was wished', async () => {
    const proxy = await startFaultProxy(plain)
    proxy.setMode('freeze')
    const client = make({ server: proxy.address, connectTimeout: 50, keepDangleSocket: true })
    const dangling = vi.fn()
    client.on('dangle-wait', dangling)
    await expect(client.cmd('stats')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CONNECT_TIMEOUT' })
    proxy.setMode('pass')
    await eventually(() => {
      expect(proxy.open).toBe(0)
    })
    expect(dangling).not.toHaveBeenCalled()
    await proxy.close()
  })

  it('succeeds after it failed', async () => {
    const first = await startMemcached('plain')
    await first.stop()
    const client = make({ server: first.address })
    expect(await fails(client.set('k', 'x'))).toContain('ECONNREFUSED')
    await using second = await startMemcached('plain', { port: first.port })
    expect(await client.set('k', second.address)).toEqual(['STORED'])
  })

  it('is done anew after an error or a timeout of the socket', async () => {
    const proxy = await startFaultProxy(plain)
    const client = make({ server: proxy.address })
    await client.cmd('stats')
    connectionsOf(client)[0]?.socket?.emit('error', new Error('ECONNRESET'))
    await client.cmd('stats')
    connectionsOf(client)[0]?.socket?.emit('timeout')
    await client.cmd('stats')
    expect(proxy.accepted).toBe(3)
    await proxy.close()
  })
})

describe('a connection', () => {
  const unused = (): HardenedConnection => {
    const client = make()
    return new HardenedConnection(client, nodeOf(client), {}, () => undefined)
  }

  it('tells what it is doing', async () => {
    const connection = unused()
    expect(connection.getStatusStr()).toBe('INIT')
    expect(() => connection.waitReady()).toThrow('INIT')
    const connecting = connection.connect(plain.address)
    expect(connection.getStatusStr()).toBe('CONNECTING')
    expect(await connection.waitReady()).toBe(connection)
    expect(await connecting).toBe(connection)
    expect(connection.getStatusStr()).toBe('READY')
    expect(await connection.waitReady()).toBe(connection)
    connection.shutdown()
    connection.shutdown()
    expect(connection._status).toBe(Status.SHUTDOWN)
    expect(() => connection.waitReady()).toThrow('SHUTDOWN')
    expect(connection.dequeueCommand()?.callback()).toBeUndefined()
  })

  it('gives the whole of an error', () => {
    const connection = unused()
    const told = vi.fn()
    connection.queueCommand({ results: {}, callback: told })
    connection.onData(Buffer.from('SERVER_ERROR out of memory\r\n'))
    expect(told).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        message: 'SERVER_ERROR out of memory',
        cmdTokens: ['SERVER_ERROR', 'out', 'of', 'memory'],
      }),
    )
    connection._checkCmdTimeout()
  })

  it('is used again when it is free, beside others when it is not, and forgotten when it ended', async () => {
    const client = make({ server: { server: plain.address, maxConnections: 2 } })
    await client.version()
    await client.version()
    expect(connectionsOf(client)).toHaveLength(1)
    const [first] = connectionsOf(client)
    const busy = [client.cmd('stats'), client.cmd('stats'), client.cmd('stats')]
    expect(connectionsOf(client)).toHaveLength(2)
    await Promise.all(busy)
    first?.shutdown()
    expect(connectionsOf(client)).toHaveLength(1)
    expect(connectionsOf(client)).not.toContain(first)
  })
})

describe('redundant servers', () => {
  it('are all used', async () => {
    const servers = await Promise.all(Array.from({ length: 3 }, () => startMemcached('plain')))
    const client = make({
      server: { servers: servers.map(({ address }) => ({ server: address, maxConnections: 3 })) },
    })
    const pids = new Set<string | undefined>()
    // chosen by chance: all but surely within these
    for (let turn = 0; turn < 200 && pids.size < 3; turn++) {
      pids.add(pidOf(await client.cmd<StatsCommandResponse>('stats')))
    }
    expect(pids).toEqual(new Set(servers.map(({ pid }) => String(pid))))
    await Promise.all(servers.map((server) => server.stop()))
  })

  it('that cannot be reached are exiled, and come back', async () => {
    const proxy = await startFaultProxy(plain)
    proxy.setMode('refuse')
    const entries = [proxy.address, plain.address].map((server) => ({ server, maxConnections: 1 }))
    const config = { retryFailedServerInterval: 1, failedServerOutTime: 50 }
    const client = make({ server: { servers: entries, config } as HardenedMemcacheClientOptions['server'] })
    const { _servers } = client as unknown as {
      _servers: { _servers: readonly { server: string }[]; _exServers: readonly { server: string }[] }
    }
    while (_servers._exServers.length === 0) await client.cmd('stats')
    expect(_servers._exServers).toMatchObject([{ server: proxy.address }])
    expect(_servers._servers).toMatchObject([{ server: plain.address }])
    proxy.setMode('pass')
    const refused = proxy.accepted
    while (proxy.accepted === refused) {
      await client.cmd('stats')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(_servers._exServers).toEqual([])
    await proxy.close()
  })

  it('that are slow are not exiled, and their errors are told', async () => {
    const proxies = await Promise.all([startFaultProxy(plain), startFaultProxy(plain)])
    const servers = proxies.map(({ address }) => ({ server: address, maxConnections: 1 }))
    const client = make({ server: { servers }, cmdTimeout: 100 })
    const { _servers } = client as unknown as { _servers: { _servers: unknown[] } }
    while (proxies.some(({ accepted }) => accepted === 0)) await client.version()
    for (const proxy of proxies) proxy.setMode('blackhole')
    expect(await fails(client.get('k'))).toBe('Command timeout')
    expect(_servers._servers).toHaveLength(2)
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })

  it('may be two thousand that nobody serves', async () => {
    const servers = Array.from({ length: 2_000 }, (_, index) => ({
      server: `127.1.${String(index >> 8)}.${String(index & 255)}:1`,
      maxConnections: 3,
    }))
    const client = make({ server: { servers } })
    expect(await fails(client.set('k', 'x'))).toContain('ECONNREFUSED')
    expect((client._servers as unknown as { _servers: unknown[] })._servers).toHaveLength(1)
  })
})
