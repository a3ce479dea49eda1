import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { tcp, type Channel, type Transport } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import {
  eventually,
  startFaultProxy,
  startFaultServer,
  startMemcached,
  type FaultServer,
  type MemcachedServer,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import memjs, { type Serializer } from 'memjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'
import type { HardenedMemjsOptions } from './options.ts'

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

function make<TIn = string | Uint8Array, TOut = Buffer | null>(
  servers: string,
  options: HardenedMemjsOptions<TIn, TOut> = {},
): HardenedMemjsClient<TIn, TOut> {
  const client = HardenedMemjsClient.create<TIn, TOut>(servers, {
    timeout: 20,
    retries: 1,
    logger,
    ...options,
  })
  clients.push(client)
  return client
}

const json: Serializer<unknown, unknown> = {
  serialize: (_, value, extras) => ({ value: JSON.stringify(value), extras }),
  deserialize: (_, value, extras) => ({ value: JSON.parse(String(value)) as unknown, extras }),
}

/** A response of the binary protocol without a body, with the opaque of its request. */
function answer(request: Buffer, opcode: number, status = 0): Buffer {
  const response = Buffer.alloc(24)
  response[0] = 0x81
  response[1] = opcode
  response.writeUInt16BE(status, 6)
  request.copy(response, 12, 12, 16)
  return response
}

/** Answers what opens a channel as it should be, and everything else with one opcode. */
function startImpostor(opcode: number, heard: number[]): Promise<FaultServer> {
  return startFaultServer((socket) => {
    socket.on('data', (request: Buffer) => {
      const asked = request.readUInt8(1)
      heard.push(asked)
      socket.write(answer(request, asked === 0x0b ? asked : opcode))
    })
  })
}

describe('a server that takes the connection and is silent', () => {
  it.each([
    ['tcp', {}],
    ['tls', { transport: tls() }],
    ['sasl', { auth: sasl({ username: 'user', password: 'password' }) }],
  ])('fails calls after the time that memjs has for an answer: %s', async (_, layers) => {
    await using proxy = await startFaultProxy(server)
    proxy.setMode('freeze')
    const client = make(proxy.address, { ...layers, timeout: 0.05, conntimeout: 60, retries: 2 })
    for (let call = 0; call < 2; call++) {
      const answers = await Promise.allSettled([client.get('k'), client.set('k', 'x', {})])
      for (const each of answers) {
        expect(each).toMatchObject({ reason: { message: 'socket timed out waiting on response.' } })
      }
    }
    expect(proxy.accepted).toBe(1)
  })

  it('serves later calls when it goes on', async () => {
    await using proxy = await startFaultProxy(server)
    proxy.setMode('freeze')
    const client = make(proxy.address, { timeout: 0.05, conntimeout: 60 })
    await expect(client.get('k')).rejects.toThrow('socket timed out')
    proxy.setMode('pass')
    await eventually(async () => {
      expect(await client.set('k', 'x', {})).toBe(true)
    })
    expect(proxy.accepted).toBe(1)
  })
})

describe('stored bytes that the serializer cannot read', () => {
  it('end the process under memjs', async () => {
    await make(server.address).set('poison', 'no JSON', {})
    const original = memjs.Client.create(server.address, { timeout: 20, logger, serializer: json })
    clients.push(original)
    // the runner's own listeners would take it for a failed test
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const uncaught = once(process, 'uncaughtException')
      original.get('poison', () => undefined)
      expect(await uncaught).toMatchObject([{ name: 'SyntaxError' }, 'uncaughtException'])
    } finally {
      for (const listener of others) process.on('uncaughtException', listener)
    }
  })

  it('are an error of the call here', async () => {
    await make(server.address).set('poison', 'no JSON', {})
    const client = make(server.address, { serializer: json })
    await expect(client.get('poison')).rejects.toThrow(SyntaxError)
    const told = await new Promise((resolve) => {
      client.get('poison', (...results) => {
        resolve(results)
      })
    })
    expect(told).toEqual([expect.any(SyntaxError), null, null])
    await client.set('poison', { now: 'readable' }, {})
    expect((await client.get('poison')).value).toEqual({ now: 'readable' })
  })
})

describe('serializers', () => {
  it('are asked by every command that stores', async () => {
    const client = make(server.address, { serializer: json })
    expect(await client.add('serialized', [1], {})).toBe(true)
    expect(await client.replace('serialized', [2], {})).toBe(true)
    expect((await client.get('serialized')).value).toEqual([2])
    await client.set('serialized', 1, {})
    expect(await client.append('serialized', 2)).toBe(true)
    expect(await client.prepend('serialized', 3)).toBe(true)
    expect((await client.get('serialized')).value).toBe(312)
  })
})

describe('statistics', () => {
  it('that do not exist are one error, and the connection goes on', async () => {
    const proxy = await startFaultProxy(server)
    const client = make(proxy.address)
    await client.set('k', 'x', {})
    const told: unknown[] = []
    client.statsWithKey('nonsense', (error) => told.push(error))
    expect((await client.get('k')).value?.toString()).toBe('x')
    expect(told).toEqual([expect.objectContaining({ message: 'MemJS STATS (nonsense): Key not found' })])
    const [one] = client.servers
    expect(one).toMatchObject({ requestTimeouts: [], responseCallbacks: {}, errorCallbacks: {} })
    expect(proxy.accepted).toBe(1)
    await proxy.close()
  })

  it('are asked by a checked name, once per server', async () => {
    const other = await startMemcached('plain')
    const client = make(`${server.address},${other.address}`)
    for (const name of ['a\r\nb', 'k'.repeat(251), ' \0']) {
      const told: unknown[][] = []
      client.statsWithKey(name, (...results) => told.push(results))
      await eventually(() => {
        expect(told).toHaveLength(2)
      })
      const refused = expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEY' }) as unknown
      expect(told).toEqual([
        [refused, server.address, null],
        [refused, other.address, null],
      ])
    }
    const reset: unknown[][] = []
    client.resetStats((...results) => reset.push(results))
    await eventually(() => {
      expect(reset).toHaveLength(2)
    })
    expect(reset.every(([error]) => error === null)).toBe(true)
    expect(() => {
      client.statsWithKey('a\nb')
    }).not.toThrow()
    await other.stop()
  })
})

describe('counters', () => {
  it('are right beyond 32 bits', async () => {
    const client = make(server.address)
    await client.set('large', String(2 ** 33), {})
    expect(await client.increment('large', 1)).toEqual({ success: true, value: 2 ** 33 + 1 })
    expect(await client.decrement('large', 2)).toEqual({ success: true, value: 2 ** 33 - 1 })
    const told = await new Promise((resolve) => {
      client.increment('large', 1, (...results) => {
        resolve(results)
      })
    })
    expect(told).toEqual([null, true, 2 ** 33])
  })

  it('that are none are an error, not the end of the process', async () => {
    const impostor = await startImpostor(0x05, [])
    await expect(make(impostor.address).increment('n', 1)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_PROTOCOL',
    })
    await impostor.close()
  })
})

describe('answers that nobody asked for', () => {
  it('do not make it say its password, again and again', async () => {
    const heard: number[] = []
    const impostor = await startImpostor(0x20, heard)
    await expect(make(impostor.address).get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_PROTOCOL' })
    expect(heard).toEqual([0x0b, 0x00])
    await impostor.close()
  })
})

describe('values', () => {
  it('that are too large are an error of the call alone', async () => {
    const client = make(server.address)
    const [large, small] = await Promise.allSettled([
      client.set('large', Buffer.alloc(2 ** 21), {}),
      client.set('small', 'x', {}),
    ])
    expect(large).toMatchObject({ status: 'rejected', reason: { message: 'MemJS SET: Value too large' } })
    expect(small).toEqual({ status: 'fulfilled', value: true })
  })
})

describe('connections', () => {
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
    const client = make(server.address, { transport, keepAlive: true })
    expect(await client.set('k', 'x', {})).toBe(true)
  })

  it('are replaced when that was asked for while they opened', async () => {
    let connected = 0
    const transport: Transport = {
      ...tcp(),
      async connect(endpoint, options) {
        const channel = await tcp().connect(endpoint, options)
        if (++connected === 1) options.onRetire?.()
        return channel
      },
    }
    const client = make(server.address, { transport })
    for (let turn = 0; turn < 3; turn++) expect(await client.set('k', 'x', {})).toBe(true)
    expect(connected).toBe(2)
  })

  it('are let go when the client is closed, and opened anew when it is used again', async () => {
    const proxy = await startFaultProxy(server)
    const client = make(proxy.address)
    await client.set('k', 'x', {})
    client.close()
    expect(await client.set('k', 'y', {})).toBe(true)
    expect(proxy.accepted).toBe(2)
    client.close()
    await eventually(() => {
      expect(proxy.open).toBe(0)
    })
    await proxy.close()
  })

  it('close though the server is gone without a word', async () => {
    let channel: Channel | undefined
    const transport: Transport = {
      ...tcp(),
      connect: async (endpoint, options) => (channel = await tcp().connect(endpoint, options)),
    }
    const proxy = await startFaultProxy(server)
    const client = make(proxy.address, { transport })
    await client.set('k', 'x', {})
    proxy.setMode('freeze')
    client.close()
    await eventually(() => {
      expect(channel?.destroyed).toBe(true)
    })
    await proxy.close()
  })
})

describe('flushing', () => {
  it('tells which servers failed', async () => {
    const client = make(`127.0.0.1:1,${server.address}`)
    const [lastError, results] = await new Promise<[Error | null, object]>((resolve) => {
      client.flush((...told) => {
        resolve(told)
      })
    })
    const failed = expect.objectContaining({ code: 'ERR_MEMKEEP_CONNECT_FAILED' }) as unknown
    expect(lastError).toEqual(failed)
    expect(results).toEqual({ '127.0.0.1:1': failed, [server.address]: true })
  })
})
