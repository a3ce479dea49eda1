import { openChannel, parseEndpoints, tcp, type Channel, type Endpoint } from '@memkeep/core'
import {
  findFreePort,
  startFaultProxy,
  startFaultServer,
  startMemcached,
  type FaultServer,
} from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from '../client.ts'
import type { Discovered, Discovery } from './discovery.ts'
import { elastiCache, type ElastiCacheOptions } from './elasticache.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const answer = (body: string, head = 'CONFIG cluster'): string =>
  `${head} 0 ${String(body.length)}\r\n${body}\r\nEND\r\n`

/** A stand-in that answers what it is asked with these texts, and keeps what it was asked; nothing answers nothing. */
async function standIn(
  answers: Readonly<Record<string, string>>,
): Promise<FaultServer & { readonly asked: readonly string[]; readonly left: number }> {
  const asked: string[] = []
  let left = 0
  const server = await startFaultServer((socket) => {
    socket
      .setEncoding('latin1')
      .on('data', (command: string) => {
        asked.push(command.trim())
        socket.write(answers[command.trim()] ?? '')
      })
      .on('close', () => left++)
  })
  cleanups.push(() => server.close())
  return {
    ...server,
    asked,
    get left() {
      return left
    },
  }
}

const VERSION = { version: 'VERSION 1.6.22\r\n' }
const CONFIG = 'config get cluster'
const LEGACY = 'get AmazonElastiCache:cluster'

const open = (endpoint: Endpoint, options: { readonly signal: AbortSignal }): Promise<Channel> =>
  openChannel(endpoint, { transport: tcp(), ...options })

/** One question, as a client asks it, to endpoints in this order. */
function discover(
  servers: string,
  signal = new AbortController().signal,
  { version, ...options }: ElastiCacheOptions & { readonly version?: number } = {},
): Promise<Discovered> {
  const endpoints = parseEndpoints(servers)
  return elastiCache(options).discover({ endpoints, version, open, timeout: 20_000, signal })
}

describe('a question to ElastiCache', () => {
  it('is answered in any pieces, and leaves no connection', async () => {
    const nodes = Array.from({ length: 60 }, (_, index) => `n${String(index)}.example|10.0.0.1|11211`).join(
      ' ',
    )
    const server = await standIn({ ...VERSION, [CONFIG]: answer(`3\n${nodes}\n`) })
    await using proxy = await startFaultProxy(server)
    for (const mode of ['slow', 'chunks'] as const) {
      proxy.setMode(mode)
      const { version, servers } = await discover(proxy.address)
      expect(version).toBe(3)
      expect(servers.map(({ host }) => host)).toEqual(nodes.split(' ').map((node) => node.split('|')[0]))
    }
    while (server.left < 2) await new Promise(setImmediate)
  })

  it('goes to the next endpoint when one is down', async () => {
    const server = await standIn({ ...VERSION, [CONFIG]: answer('1\na||1\n') })
    expect((await discover(`127.0.0.1:${String(await findFreePort())},${server.address}`)).servers).toEqual([
      { host: 'a', port: 1 },
    ])
  })

  it('goes first to the endpoint that told last, for each client', async () => {
    const [first, second] = await Promise.all([
      standIn({ ...VERSION, [CONFIG]: 'SERVER_ERROR busy\r\n' }),
      standIn({ ...VERSION, [CONFIG]: answer('1\na||1\n') }),
    ])
    const shared = elastiCache()
    const endpoints = parseEndpoints([first.address, second.address])
    const context = { open, timeout: 20_000, signal: new AbortController().signal }
    const questions = (): readonly number[] =>
      [first, second].map(({ asked }) => asked.filter((command) => command === CONFIG).length)
    await shared.discover({ ...context, endpoints })
    expect(questions()).toEqual([1, 1])
    await shared.discover({ ...context, endpoints })
    expect(questions()).toEqual([1, 2])
    await shared.discover({ ...context, endpoints: [...endpoints] })
    expect(questions()).toEqual([2, 3])
  })

  it('goes to the next endpoint when one is behind the servers in use', async () => {
    const versions = [3, 5, 4, 9]
    const lagging = await Promise.all(
      versions.map((version) => standIn({ ...VERSION, [CONFIG]: answer(`${String(version)}\na||1\n`) })),
    )
    const servers = lagging.map(({ address }) => address).join()
    const { signal } = new AbortController()
    expect(await discover(servers, signal, { version: 4 })).toMatchObject({ version: 5 })
    expect(lagging[2]?.asked).toEqual([])
    // the newest of them, when all are behind
    expect(await discover(servers, signal, { version: 10 })).toMatchObject({ version: 9 })
  })

  it('refuses an answer with a node that is not allowed, and goes to the next endpoint', async () => {
    const [forged, honest] = await Promise.all([
      standIn({ ...VERSION, [CONFIG]: answer('1\na.cache.example||1 evil.example|127.0.0.1|1\n') }),
      standIn({ ...VERSION, [CONFIG]: answer('1\na.cache.example||1\n') }),
    ])
    const { signal } = new AbortController()
    const options = { allowedHosts: ['.cache.example'] }
    expect((await discover(`${forged.address},${honest.address}`, signal, options)).servers).toEqual([
      { host: 'a.cache.example', port: 1 },
    ])
    await expect(discover(forged.address, signal, options)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
      cause: { message: expect.stringMatching(/evil\.example.*allowedHosts/) as string },
    })
  })

  it('has an error for every endpoint when none could tell', async () => {
    const busy = await standIn({ ...VERSION, [CONFIG]: 'SERVER_ERROR busy\r\n' })
    const down = `127.0.0.1:${String(await findFreePort())}`
    await expect(discover(`${down},${busy.address}`)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
      cause: { errors: [code('CONNECT_FAILED'), code('SERVER_ERROR')] },
    })
  })

  it.each([
    ['says ERROR', 'ERROR\r\n', true],
    ['is out of memory', 'SERVER_ERROR out of memory\r\n', false],
    ['refuses the question', 'CLIENT_ERROR bad command line format\r\n', false],
    ['has no configuration yet', 'END\r\n', false],
  ])(
    'reads the legacy key, which any client can write, only where there is no command (it %s)',
    async (_, first, legacy) => {
      const server = await standIn({
        ...VERSION,
        [CONFIG]: first,
        [LEGACY]: answer('1\nevil||1\n', 'VALUE AmazonElastiCache:cluster'),
      })
      const asking = discover(server.address)
      if (legacy) expect((await asking).servers).toEqual([{ host: 'evil', port: 1 }])
      else await expect(asking).rejects.toEqual(code('DISCOVERY_FAILED'))
      expect(server.asked.includes(LEGACY)).toBe(legacy)
    },
  )

  it.each([
    ['a length that no cluster has', 'CONFIG cluster 0 99999999999\r\n'],
    ['a length that is longer than what is read', 'CONFIG cluster 0 99999\r\n' + 'x'.repeat(99_999)],
    ['a line without end', 'CONFIG cluster '.padEnd(100_000, '0')],
    ['two answers', answer('1\na||1\n').repeat(2)],
    ['a key that was not asked for', answer('1\na||1\n', 'VALUE AmazonElastiCache:cluster')],
  ])('refuses %s', async (_, text) => {
    const server = await standIn({ ...VERSION, [CONFIG]: text })
    await expect(discover(server.address)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
      cause: { code: 'ERR_MEMKEEP_PROTOCOL' },
    })
  })

  it('ends with the reason of its signal', async () => {
    const silent = await standIn(VERSION)
    const abort = new AbortController()
    const asking = discover(silent.address, abort.signal)
    while (!silent.asked.includes(CONFIG)) await new Promise(setImmediate)
    abort.abort(new Error('enough'))
    await expect(asking).rejects.toThrow('enough')
    while (silent.left < 1) await new Promise(setImmediate)
  })
})

it('quotes little of what a hostile server says', async () => {
  const server = await standIn({ ...VERSION, [CONFIG]: `SERVER_ERROR \x1b[2J${'x'.repeat(10_000)}\r\n` })
  const error = await discover(server.address).catch((thrown: unknown) => thrown)
  const { message } = (error as { cause: Error }).cause
  expect(message.length).toBeLessThan(400)
  expect(message).not.toContain('\x1b')
})

describe('a client with endpoints that say nothing', () => {
  it.each([
    ['when connected to', {}],
    ['when asked', VERSION],
  ])('asks the next one (silent %s)', async (_, answers) => {
    await using real = await startMemcached('plain')
    const silent = await standIn(answers)
    const server = await standIn({
      ...VERSION,
      [CONFIG]: answer(`1\n|127.0.0.1|${String(real.port)}\n`),
    })
    await using cache = new MemcachedClient({
      servers: [silent.address, server.address],
      discovery: elastiCache(),
      connectTimeout: 500,
      timeout: 20_000,
    })
    expect(await cache.set('k', 'x')).toBe(true)
  })

  it('says so when no other can tell', async () => {
    const silent = await standIn(VERSION)
    await using cache = new MemcachedClient({
      servers: silent.address,
      discovery: elastiCache(),
      connectTimeout: 100,
      timeout: 20_000,
    })
    await expect(cache.get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
      message: expect.stringContaining(silent.address) as string,
      cause: code('CONNECT_TIMEOUT'),
    })
  })

  it('ends a discovery that does not look at its time', async () => {
    const careless: Discovery = {
      name: 'careless',
      interval: 60_000,
      discover: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error)
          })
        }),
    }
    await using cache = new MemcachedClient({
      servers: 'a',
      discovery: careless,
      connectTimeout: 20,
      timeout: 20_000,
    })
    await expect(cache.get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
      message: expect.stringContaining('careless') as string,
    })
  })
})
