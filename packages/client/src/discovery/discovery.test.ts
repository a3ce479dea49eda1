import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually, startFaultServer, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from '../client.ts'
import type { MemcachedClientOptions } from '../options.ts'
import { CHANNEL_NAMES, type DiscoveryMessage } from '../telemetry/channels.ts'
import type { Discovery, DiscoveryContext } from './discovery.ts'
import { elastiCache } from './elasticache.ts'
const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(...args: Parameters<typeof startMemcached>): Promise<MemcachedServer> {
  const server = await startMemcached(...args)
  cleanups.push(() => server.stop())
  return server
}

/** A discovery of the test's own. */
function discovering(
  discover: (context: DiscoveryContext) => unknown,
  more: Partial<Discovery> = {},
): Discovery {
  return { name: 'custom', interval: 60_000, ...more, discover: discover as Discovery['discover'] }
}

function client(discovery: Discovery, options: Partial<MemcachedClientOptions> = {}): MemcachedClient {
  const made = new MemcachedClient({ servers: 'config.example:1', discovery, ...options })
  cleanups.push(() => made.close())
  return made
}

/** What is published of discoveries until the end of the test. */
function messages(): readonly DiscoveryMessage[] {
  const published: DiscoveryMessage[] = []
  const listener = (message: unknown): void => {
    published.push(message as DiscoveryMessage)
  }
  subscribe(CHANNEL_NAMES.discovery, listener)
  cleanups.push(() => unsubscribe(CHANNEL_NAMES.discovery, listener))
  return published
}

const at = ({ host, port }: MemcachedServer): { host: string; port: number } => ({ host, port })

describe('a first answer that is invalid', () => {
  const ANSWERS = [
    '{ version: 1, servers: [] }',
    '{ servers: [A] }',
    '{ version: -1, servers: [A] }',
    'undefined',
  ]

  it('lets timers run and fails calls', async () => {
    const program = `
      import { MemcachedClient } from '@memkeep/client'
      const A = { host: 'a', port: 1 }
      const answers = [${ANSWERS.join(', ')}]
      const codes = await Promise.all(answers.map(async (answer) => {
        const discovery = { name: 'custom', interval: 60_000, discover: async () => answer }
        const cache = new MemcachedClient({ servers: 'a', discovery })
        const code = await cache.get('k').catch((error) => error.code)
        await new Promise(setImmediate)
        await cache.close()
        return code
      }))
      process.stdout.write(JSON.stringify(codes))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      // a process whose event loop no longer turns is killed, and that rejects
      timeout: 20_000,
    })
    expect(JSON.parse(stdout)).toEqual(ANSWERS.map(() => 'ERR_MEMKEEP_DISCOVERY_FAILED'))
  })

  it('is asked for again by the next call', async () => {
    const server = await start('plain')
    const published = messages()
    const answers = [undefined, { version: 1, servers: [] }, { version: 1, servers: [at(server)] }]
    const cache = client(discovering(() => Promise.resolve(answers.shift())))
    await expect(cache.get('k')).rejects.toEqual(code('DISCOVERY_FAILED'))
    await expect(cache.getMany(['k'])).rejects.toEqual(code('DISCOVERY_FAILED'))
    expect(await cache.set('k', 'x')).toBe(true)
    expect(published.map(({ error }) => error === undefined)).toEqual([false, false, true])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects with nothing', () => Promise.reject(undefined as unknown as Error)],
    ['is no promise of an answer', () => 'a:1'],
  ])('is also that of a discovery that %s', async (_, discover) => {
    await expect(client(discovering(discover)).get('k')).rejects.toEqual(code('DISCOVERY_FAILED'))
  })

  it('does not outlast the time of a discovery that does not look at its signal', async () => {
    const cache = client(
      discovering(() => new Promise(() => undefined)),
      { connectTimeout: 20, timeout: 20_000 },
    )
    await expect(cache.get('k')).rejects.toEqual(code('DISCOVERY_FAILED'))
    const waiting = cache.get('k')
    await cache.close()
    await expect(waiting).rejects.toEqual(code('CLOSED'))
  })
})

describe('a later answer that is invalid', () => {
  it.each([
    ['that is empty', () => ({ version: 2, servers: [] })],
    ['without a version', () => ({ servers: [{ host: 'a', port: 1 }] })],
    [
      'with too many servers',
      () => ({
        version: 2,
        servers: Array.from({ length: 1_001 }, (_, n) => ({ host: `n${String(n)}`, port: 1 })),
      }),
    ],
    [
      'with an enormous version',
      () => ({ version: Number.MAX_SAFE_INTEGER, servers: [{ host: 'evil', port: 1 }] }),
    ],
  ])('%s keeps the servers, and is reported', async (_, bad) => {
    const server = await start('plain')
    const published = messages()
    const answers: unknown[] = [{ version: 1, servers: [at(server)] }, bad()]
    const last = { version: 2, servers: [at(server), { host: 'other', port: 1 }] }
    const cache = client(discovering(() => Promise.resolve(answers.shift() ?? last), { interval: 1 }))
    expect(await cache.set('k', 'x')).toBe(true)
    await eventually(() => {
      expect(cache.servers).toEqual([server.address, 'other:1'])
    })
    expect(published.slice(0, 3)).toMatchObject([
      { servers: [server.address], error: undefined },
      { servers: [server.address], error: code('DISCOVERY_FAILED') },
      { servers: [server.address, 'other:1'], error: undefined },
    ])
  })

  it('with an enormous version is outlived when it was the first', async () => {
    const server = await start('plain')
    const answers: unknown[] = [{ version: Number.MAX_SAFE_INTEGER, servers: [{ host: 'evil', port: 1 }] }]
    const last = { version: 1, servers: [at(server)] }
    const cache = client(discovering(() => Promise.resolve(answers.shift() ?? last), { interval: 1 }))
    await cache.get('k', { signal: AbortSignal.timeout(1) }).catch(() => undefined)
    await eventually(() => {
      expect(cache.servers).toEqual([server.address])
    })
    expect(await cache.set('k', 'x')).toBe(true)
  })
})

describe('a server of an answer', () => {
  it('has its weight', async () => {
    const [light, heavy] = await Promise.all([start('plain'), start('plain')])
    const servers = [at(light), { ...at(heavy), weight: 9 }]
    const cache = client(discovering(() => Promise.resolve({ version: 1, servers })))
    const keys = Array.from({ length: 200 }, (_, index) => `k${String(index)}`)
    await Promise.all(keys.map((key) => cache.set(key, 'x')))
    const items = await cache.stats()
    const held = (server: MemcachedServer): number => Number(items.get(server.address)?.get('curr_items'))
    expect(held(heavy)).toBeGreaterThan(held(light) * 3)
  })

  it('is opened over TLS only from the answer on that demands it', async () => {
    const server = await start('plain')
    const answers: unknown[] = [{ version: 1, servers: [at(server)] }]
    const last = { version: 2, servers: [{ ...at(server), secure: true }] }
    const cache = client(discovering(() => Promise.resolve(answers.shift() ?? last), { interval: 1 }))
    expect(await cache.set('k', 'x')).toBe(true)
    await eventually(async () => {
      await expect(cache.get('k')).rejects.toEqual(code('TLS_REQUIRED'))
    })
  })
})

it('waits with one listener on a signal, however many calls share it', async () => {
  const silent = await startFaultServer(() => undefined)
  cleanups.push(() => silent.close())
  const cache = client(elastiCache(), { servers: silent.address })
  const abort = new AbortController()
  const calls = Array.from({ length: 50 }, (_, index) =>
    cache.get(`k${String(index)}`, { signal: abort.signal }),
  )
  await new Promise(setImmediate)
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1)
  abort.abort(new Error('enough'))
  for (const call of calls) await expect(call).rejects.toThrow('enough')
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})

it('asks endpoints that fail with pauses, however many calls there are', async () => {
  let attempts = 0
  const refusing = await startFaultServer((socket) => {
    attempts++
    socket.destroy()
  })
  cleanups.push(() => refusing.close())
  const cache = client(elastiCache(), {
    servers: refusing.address,
    reconnectMinDelay: 60_000,
    reconnectMaxDelay: 60_000,
  })
  await expect(cache.get('k')).rejects.toEqual(code('DISCOVERY_FAILED'))
  for (let call = 0; call < 30; call++) await expect(cache.get('k', { timeout: 2 })).rejects.toThrow()
  // a pause is drawn, and may be short by chance
  expect(attempts).toBeLessThan(6)
})

describe('authentication with a discovery', () => {
  it('refuses only a discovery that speaks text where SASL speaks binary, by its name', () => {
    const auth = sasl({ username: 'u', password: 'p' })
    expect(() => client(elastiCache(), { auth })).toThrow(/elasticache speaks text.*sasl/)
    expect(() =>
      client(
        discovering(() => undefined, { speaks: 'text' }),
        { auth },
      ),
    ).toThrow(/custom/)
    expect(
      client(
        discovering(() => undefined, { speaks: 'binary' }),
        { auth },
      ).servers,
    ).toEqual([])
    expect(client(elastiCache(), { auth: asciiAuth({ username: 'u', password: 'p' }) }).servers).toEqual([])
  })

  it('authenticates with SASL to the servers that a discovery names', async () => {
    const server = await start('tls+sasl')
    using transport = tls(server.clientTls)
    const { username = '', password = '' } = server.credentials ?? {}
    const cache = client(
      discovering(() => Promise.resolve({ version: 1, servers: [at(server)] })),
      {
        transport,
        auth: sasl({ username, password }),
      },
    )
    expect(await cache.set('k', 'x')).toBe(true)
    await cache.close()
  })

  it.each(['ascii-auth', 'sasl'] as const)(
    'sends no password in cleartext to loopback: %s',
    async (posture) => {
      const server = await start(posture, { mechanisms: ['plain'] })
      const { username = '', password = '' } = server.credentials ?? {}
      const make = (options: Partial<MemcachedClientOptions>, allowInsecureAuth = false): MemcachedClient =>
        client(
          discovering(() => Promise.resolve({ version: 1, servers: [at(server)] })),
          {
            auth:
              posture === 'sasl'
                ? sasl({ username, password, mechanisms: ['PLAIN'], allowInsecureAuth })
                : asciiAuth({ username, password, allowInsecureAuth }),
            ...options,
          },
        )
      await expect(make({}).get('k')).rejects.toEqual(code('AUTH_INSECURE_CHANNEL'))
      // another port of a host that the user wrote is another process of this machine
      await expect(make({ servers: '127.0.0.1:1' }).get('k')).rejects.toEqual(code('AUTH_INSECURE_CHANNEL'))
      expect(await make({ servers: server.address }).set('k', 'x')).toBe(true)
      expect(await make({}, true).set('k', 'x')).toBe(true)
    },
  )
})

it.each([
  [{}, TypeError],
  ['elasticache', TypeError],
  [{ ...discovering(() => undefined), name: 1 }, TypeError],
  [{ ...discovering(() => undefined), interval: 0 }, RangeError],
  [{ ...discovering(() => undefined), interval: NaN }, RangeError],
  [{ ...discovering(() => undefined), maxServers: 0 }, RangeError],
])('takes discoveries only: %j', (discovery, error) => {
  expect(() => client(discovery as Discovery)).toThrow(error)
})
