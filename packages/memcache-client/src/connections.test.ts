import { Duplex } from 'node:stream'
import { tcp, type Channel, type Transport } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import {
  eventually,
  retirable,
  startFaultProxy,
  startMemcached,
  type MemcachedServer,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import type { RetrievalCommandResponse } from 'memcache-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fails } from '../test/fails.ts'
import { startProxyWithoutVersion } from '../test/servers.ts'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

describe('connections and servers', () => {
  let plain: MemcachedServer
  const clients: HardenedMemcacheClient[] = []

  beforeAll(async () => {
    plain = await startMemcached('plain')
  })

  afterEach(() => {
    for (const each of clients.splice(0)) each.shutdown()
  })

  afterAll(async () => {
    await plain.stop()
  })

  const make = (options: HardenedMemcacheClientOptions): HardenedMemcacheClient => {
    const made = new HardenedMemcacheClient(options)
    clients.push(made)
    return made
  }

  it('tells that nobody listens', async () => {
    expect(await fails(make({ server: '127.0.0.1:1' }).cmd('stats'))).toContain('ECONNREFUSED')
  })

  it('works behind a proxy that closes at "version"', async () => {
    await using proxy = await startProxyWithoutVersion(plain)
    const one = make({ server: proxy.address })
    expect(await one.set('proxied', 'x')).toEqual(['STORED'])
    expect(await one.get('proxied')).toMatchObject({ value: 'x' })
    expect(await fails(one.version())).toBe('socket end')
    expect(await one.get('proxied')).toMatchObject({ value: 'x' })
  })

  it('refuses a server that demands a password', async () => {
    await using server = await startMemcached('ascii-auth')
    await expect(make({ server: server.address }).get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_AUTH_REQUIRED',
      connecting: true,
    })
  })

  it('exiles a server that cannot be reached, and takes it back', async () => {
    const proxy = await startFaultProxy(plain)
    const dead = proxy.address
    await proxy.close()
    const servers = {
      servers: [
        { server: dead, maxConnections: 1 },
        { server: plain.address, maxConnections: 1 },
      ],
    }
    const config = { retryFailedServerInterval: 1, failedServerOutTime: 1, keepLastServer: false }
    const some = make({ server: { ...servers, config } })
    for (let turn = 0; turn < 20; turn++) expect(await some.set(`k${String(turn)}`, 'x')).toEqual(['STORED'])
    const none = make({ server: { servers: [{ server: dead, maxConnections: 1 }], config } })
    expect(await fails(none.get('k'))).toContain('No more valid servers left')
    const all: unknown = await some.get(['k1', 'k2'])
    expect(Object.keys(all as object)).toEqual(['k1', 'k2'])
  })

  it('opens another connection after one was lost', async () => {
    const proxy = await startFaultProxy(plain)
    const one = make({ server: proxy.address })
    await one.set('lost', 'x')
    proxy.setMode('freeze')
    const asked = fails(one.get('lost'))
    proxy.reset()
    expect(await asked).toMatch(/socket|connect|lost|reset/i)
    proxy.setMode('pass')
    expect((await one.get<RetrievalCommandResponse<string>>('lost')).value).toBe('x')
    await proxy.close()
  })

  it('gives up commands that are not answered, and goes on', async () => {
    const proxy = await startFaultProxy(plain)
    const one = make({ server: proxy.address, cmdTimeout: 200 })
    await one.set('slow', 'x')
    proxy.setMode('freeze')
    const answers = await Promise.allSettled([one.cmd('stats'), one.get('slow'), one.set('slow', 'y')])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { message: 'Command timeout' } })
    }
    proxy.setMode('pass')
    expect(await one.version()).toEqual(['VERSION', expect.any(String)])
    await proxy.close()
  })

  it('gives up connecting, and tells', async () => {
    const unreachable: Transport = {
      ...tcp(),
      connect: (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error)
          })
        }),
    }
    const one = make({ server: plain.address, transport: unreachable, connectTimeout: 100 })
    const told = new Promise((resolve) => one.once('timeout', resolve))
    await expect(one.get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CONNECT_TIMEOUT',
      connecting: true,
    })
    expect(await told).toMatchObject({ socket: undefined })
  })

  it('is shut down at any time', async () => {
    make({ server: plain.address }).shutdown()
    const one = make({ server: plain.address })
    const asked = one.get('k')
    one.shutdown()
    expect(await fails(asked)).toBe('Shutdown requested')
  })

  it('may be any Duplex', async () => {
    const transport: Transport = {
      ...tcp(),
      async connect(endpoint, options) {
        const socket = await tcp().connect(endpoint, options)
        const channel: Channel = new Duplex({
          read: () => socket.resume(),
          write: (chunk, _encoding, done) => socket.write(chunk as Buffer, done),
          destroy: (_error, done) => {
            socket.destroy()
            done(null)
          },
        })
        socket.on('data', (chunk: Buffer) => channel.push(chunk))
        return channel
      },
    }
    const one = make({ server: plain.address, transport, noDelay: true })
    expect(await one.set('duplex', 'x')).toEqual(['STORED'])
  })

  it('are replaced when that was asked for while they opened, and lose nobody who waits', async () => {
    await using secure = await startMemcached('tls+sasl')
    const real = tls(secure.clientTls)
    let connected = 0
    const transport: Transport = {
      name: real.name,
      confidential: real.confidential,
      async connect(endpoint, options) {
        const channel = await real.connect(endpoint, options)
        if (++connected === 1) options.onRetire?.()
        return channel
      },
    }
    const { credentials = { username: '', password: '' } } = secure
    const one = make({ server: secure.address, transport, auth: sasl(credentials) })
    expect(await Promise.all([one.set('k', 'x'), one.set('k', 'x')])).toEqual([['STORED'], ['STORED']])
    expect((await one.get<RetrievalCommandResponse<string>>('k')).value).toBe('x')
    expect(connected).toBe(2)
  })

  it('are all closed when the client is shut down, also those that finish what is under way', async () => {
    const { transport, retire } = retirable(tcp())
    const proxy = await startFaultProxy(plain)
    const one = make({ server: proxy.address, transport, cmdTimeout: 60_000 })
    await one.version()
    proxy.setMode('freeze')
    const asked = fails(one.get('k'))
    retire()
    one.shutdown()
    expect(await asked).toBe('Shutdown requested')
    proxy.setMode('pass')
    await eventually(() => {
      expect(proxy.open).toBe(0)
    })
    await proxy.close()
  })

  it('are not kept by a client that was shut down just when they were open', async () => {
    const proxy = await startFaultProxy(plain)
    const shut: { now?: () => void } = {}
    // says that it is open in the very turn in which the client is shut down
    const auth = {
      name: 'late',
      protocol: 'text',
      authenticate: () => {
        queueMicrotask(() => shut.now?.())
        return Promise.resolve()
      },
    } as const
    for (let ticks = 0; ticks < 8; ticks++) {
      const one = make({ server: proxy.address, auth })
      shut.now = () => {
        let left = ticks
        const step = (): void => {
          if (left-- > 0) queueMicrotask(step)
          else one.shutdown()
        }
        step()
      }
      await fails(one.version())
    }
    await eventually(() => {
      expect(proxy.open).toBe(0)
    })
    await proxy.close()
  })

  it.each([
    ['tcp', () => ({})],
    ['tls', () => ({ transport: tls() })],
    ['sasl', () => ({ auth: sasl({ username: 'user', password: 'password' }) })],
  ])(
    'fail calls after cmdTimeout where a server takes them and is silent, and exile it not: %s',
    async (_, layers) => {
      await using proxy = await startFaultProxy(plain)
      proxy.setMode('freeze')
      const config = { retryFailedServerInterval: 60_000, failedServerOutTime: 60_000, keepLastServer: false }
      const one = make({
        ...layers(),
        server: { servers: [{ server: proxy.address, maxConnections: 1 }], config },
        cmdTimeout: 50,
        connectTimeout: 60_000,
      })
      const silent = expect.objectContaining({
        code: 'ERR_MEMKEEP_COMMAND_TIMEOUT',
        message: expect.stringMatching(/within 50 ms.*or raise "cmdTimeout"/) as string,
      }) as Error
      for (let call = 0; call < 3; call++) {
        const answers = await Promise.allSettled([one.get('k'), one.set('k', 'x'), one.version()])
        for (const answer of answers) expect(answer).toMatchObject({ reason: silent })
      }
      expect(proxy.accepted).toBe(1)
    },
  )

  it('serve later calls where a server that was silent goes on', async () => {
    await using proxy = await startFaultProxy(plain)
    proxy.setMode('freeze')
    const one = make({ server: proxy.address, cmdTimeout: 50, connectTimeout: 0 })
    await expect(one.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' })
    proxy.setMode('pass')
    await eventually(async () => {
      expect(await one.version()).toHaveLength(2)
    })
    expect(proxy.accepted).toBe(1)
  })

  it('that a silent server took are given up without exile', async () => {
    await using proxy = await startFaultProxy(plain)
    proxy.setMode('freeze')
    const config = { retryFailedServerInterval: 60_000, failedServerOutTime: 60_000, keepLastServer: false }
    const servers = [{ server: proxy.address, maxConnections: 1 }]
    const one = make({ server: { servers, config }, connectTimeout: 50 })
    for (let call = 0; call < 2; call++) {
      const error: unknown = await one.get('k').catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'ERR_MEMKEEP_CONNECT_TIMEOUT' })
      expect(error).not.toHaveProperty('connecting')
      expect(String(error)).not.toContain('SASL')
    }
  })

  it('take the time that they take when connectTimeout is 0', async () => {
    expect(await make({ server: plain.address, connectTimeout: 0 }).version()).toHaveLength(2)
  })

  it('are opened anew after a shutdown, if the client is used again', async () => {
    const proxy = await startFaultProxy(plain)
    const one = make({ server: proxy.address })
    await one.version()
    one.shutdown()
    one.shutdown()
    expect(await one.version()).toHaveLength(2)
    expect(proxy.accepted).toBe(2)
    await proxy.close()
  })
})
