import { once } from 'node:events'
import { startFaultServer, startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { isPasswordSafe, type Authenticator } from './authenticator.ts'
import { parseEndpoint } from './endpoint.ts'
import { openChannel } from './open-channel.ts'
import { tcp } from './tcp.ts'
import type { Channel, Transport } from './transport.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

function open(address: string, auth?: Authenticator, signal = AbortSignal.timeout(10_000)): Promise<Channel> {
  return openChannel(parseEndpoint(address), { transport: tcp(), auth, signal })
}

describe('openChannel', () => {
  it.each([[false], [true]])('opens to the real memcached (Unix socket: %s)', async (unixSocket) => {
    await using server = await startMemcached('plain', { unixSocket })
    const channel = await open(server.address)
    expect(channel.remoteAddress).toBe(unixSocket ? undefined : '127.0.0.1')
    expect(channel.readableFlowing).toBeNull()
    channel.destroy()
  })

  it('speaks binary from the first byte where it is told to', async () => {
    await using server = await startMemcached('sasl')
    const channel = await openChannel(parseEndpoint(server.address), {
      transport: tcp(),
      protocol: 'binary',
      signal: AbortSignal.timeout(10_000),
    })
    expect(channel.destroyed).toBe(false)
    channel.destroy()
    await using text = await startFaultServer((socket) => socket.on('data', () => socket.write('ERROR\r\n')))
    const refused = openChannel(parseEndpoint(text.address), {
      transport: tcp(),
      protocol: 'binary',
      signal: AbortSignal.timeout(10_000),
    })
    await expect(refused).rejects.toEqual(code('PROTOCOL'))
  })

  it('tells the authenticator where it is, and closes the channel that it refuses', async () => {
    await using server = await startMemcached('plain')
    const refusal = new Error('refused')
    const channels: Channel[] = []
    const auth: Authenticator = {
      name: 'test',
      protocol: 'text',
      authenticate(channel, { endpoint, passwordSafe }) {
        channels.push(channel)
        expect(endpoint).toEqual(parseEndpoint(server.address))
        expect(passwordSafe).toBe(true)
        return Promise.reject(refusal)
      },
    }
    await expect(open(server.address, auth)).rejects.toBe(refusal)
    expect(channels.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  it('refuses memcacheds:// over a transport that is not confidential, before it connects', async () => {
    await using server = await startFaultServer(() => {
      throw new Error('connected')
    })
    await expect(open(`memcacheds://${server.address}`)).rejects.toEqual(code('TLS_REQUIRED'))
  })

  it('runs the check last, under the same deadline, and closes the channel that it refuses', async () => {
    await using server = await startMemcached('plain')
    const endpoint = parseEndpoint(server.address)
    const refusal = new Error('refused')
    const options = { transport: tcp(), signal: AbortSignal.timeout(10_000) }
    const channels: Channel[] = []
    const check = (channel: Channel): Promise<void> => {
      channels.push(channel)
      return Promise.reject(refusal)
    }
    await expect(openChannel(endpoint, { ...options, check })).rejects.toBe(refusal)
    expect(channels.map(({ destroyed }) => destroyed)).toEqual([true])
    const slow = (_channel: Channel, { signal }: { signal: AbortSignal }): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    const late = openChannel(endpoint, { transport: tcp(), signal: AbortSignal.timeout(200), check: slow })
    await expect(late).rejects.toEqual(code('CONNECT_TIMEOUT'))
  })

  it('says that nobody is there', async () => {
    await using server = await startFaultServer(() => undefined)
    await server.close()
    await expect(open(server.address)).rejects.toEqual(code('CONNECT_FAILED'))
    await expect(open('/nowhere/memcached.sock')).rejects.toThrow(/no such socket/)
  })

  it('says what is not memcached', async () => {
    await using server = await startFaultServer((socket) => socket.write('220 mail ready\r\n'))
    await expect(open(server.address)).rejects.toEqual(code('PROTOCOL'))
  })

  it('gives up when the time is over, or when it is told to', async () => {
    await using server = await startFaultServer(() => undefined)
    await expect(open(server.address, undefined, AbortSignal.timeout(50))).rejects.toEqual(
      code('CONNECT_TIMEOUT'),
    )
    const reason = new Error('enough')
    await expect(open(server.address, undefined, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('a probe by "get"', () => {
  const probe = (address: string, signal = new AbortController().signal): Promise<Channel> =>
    openChannel(parseEndpoint(address), { transport: tcp(), probe: 'get', signal })
  const reply = (...chunks: readonly (string | Uint8Array)[]): ReturnType<typeof startFaultServer> =>
    startFaultServer((socket) =>
      socket.setNoDelay().once('data', () => {
        for (const chunk of chunks) socket.write(chunk)
      }),
    )

  it('opens to memcached, by a key that is another each time', async () => {
    const keys: string[] = []
    await using server = await startFaultServer((socket) =>
      socket.on('data', (asked: Buffer) => {
        keys.push(String(asked))
        socket.write('END\r\n')
      }),
    )
    for (let time = 0; time < 3; time++) (await probe(server.address)).destroy()
    expect(new Set(keys).size).toBe(3)
    await using memcached = await startMemcached('plain')
    const channel = await probe(memcached.address)
    channel.write('get none\r\n')
    expect(String((await once(channel, 'data'))[0])).toBe('END\r\n')
    channel.destroy()
  })

  it.each([['END\r\n'], ['SERVER_ERROR Connection refused\r\n'], ['ERROR\r\n'], ['SERVER_ERROR\r\n']])(
    'accepts %j',
    async (whole) => {
      await using server = await reply(whole)
      const channel = await probe(server.address)
      expect(channel.destroyed).toBe(false)
      channel.destroy()
    },
  )

  // the signal never fires: what is not rejected at once waits for ever
  it.each([
    ['VALUE memkeep-probe 0 99999999999\r\n'],
    ['VALUE memkeep-probe\r\n'],
    ['VALUE other 0 100\r\n'],
    ['220 mail ready\r\n'],
    ['STORED\r\n'],
  ])('refuses %j, and names the server', async (whole) => {
    await using server = await reply(whole)
    await expect(probe(server.address)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_PROTOCOL',
      message: expect.stringMatching(
        new RegExp(`^${server.address} did not answer "get" as memcached does`),
      ) as string,
    })
  })

  it('refuses a line that never ends', async () => {
    await using server = await reply('VALUE ', 'v'.repeat(70_000))
    await expect(probe(server.address)).rejects.toEqual(code('PROTOCOL'))
  })

  it('refuses a server that demands a password', async () => {
    await using server = await startMemcached('ascii-auth')
    await expect(probe(server.address)).rejects.toEqual(code('AUTH_REQUIRED'))
  })
})

describe('isPasswordSafe', () => {
  const confidential: Transport = { ...tcp(), confidential: true }

  it.each([
    ['confidential', confidential, 'cache.example', '192.0.2.1', true],
    ['loopback', tcp(), '127.0.0.1', '127.0.0.1', true],
    ['localhost', tcp(), 'localhost', '::1', true],
    ['a Unix socket', tcp(), '/run/memcached.sock', undefined, true],
    ['elsewhere', tcp(), 'cache.example', '192.0.2.1', false],
    ['a name elsewhere that resolves to loopback', tcp(), 'cache.example', '127.0.0.1', false],
    ['a loopback name that resolves elsewhere', tcp(), 'localhost', '192.0.2.1', false],
    ['an unknown address', tcp(), 'localhost', undefined, false],
  ])('on %s', (_, transport, address, remote, safe) => {
    expect(isPasswordSafe(transport, parseEndpoint(address), remote)).toBe(safe)
    // of what a discovery named only TLS counts
    expect(isPasswordSafe(transport, parseEndpoint(address), remote, true)).toBe(transport.confidential)
  })
})
