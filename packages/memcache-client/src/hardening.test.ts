import { MemcachedClient } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { retirable, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import type { RetrievalCommandResponse } from 'memcache-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fails } from '../test/fails.ts'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

type Read = RetrievalCommandResponse<string>

let plain: MemcachedServer
let secure: MemcachedServer
let peek: MemcachedClient
const clients: { shutdown(): void }[] = []

beforeAll(async () => {
  plain = await startMemcached('plain')
  secure = await startMemcached('mutual-tls+sasl')
  peek = new MemcachedClient({ servers: plain.address })
})

afterEach(() => {
  for (const client of clients.splice(0)) client.shutdown()
})

afterAll(async () => {
  await peek.close()
  await plain.stop()
  await secure.stop()
})

function make(options: Partial<HardenedMemcacheClientOptions> = {}): HardenedMemcacheClient {
  const client = new HardenedMemcacheClient({ server: plain.address, ...options })
  clients.push(client)
  return client
}

describe('TLS and authentication', () => {
  it('loses nothing where many are sent at once', async () => {
    const client = make({
      server: secure.address,
      transport: tls(secure.clientTls),
      auth: sasl(secure.credentials ?? NONE),
    })
    const keys = Array.from({ length: 256 }, (_, index) => `many${String(index)}`)
    const value = 'x'.repeat(1_000)
    const stored = await Promise.all(keys.map((key) => client.set(key, value)))
    expect(stored.every((answer) => String(answer) === 'STORED')).toBe(true)
    expect(Object.keys(await client.get<Record<string, Read>>(keys))).toEqual(keys)
  })

  it('refuses what the layers refuse, by their errors', async () => {
    const wrong = { username: 'memkeep', password: 'wrong' }
    const transport = tls(secure.clientTls)
    for (const [options, code] of [
      [{ transport, auth: sasl(wrong) }, 'ERR_MEMKEEP_AUTH_REJECTED'],
      [
        { transport: tls({ ca: secure.clientTls.ca ?? '' }), auth: sasl(wrong) },
        'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED',
      ],
      [{ transport: tls(), auth: sasl(wrong) }, /ERR_MEMKEEP_TLS_/],
    ] as const) {
      await expect(make({ server: secure.address, ...options }).get('k')).rejects.toMatchObject({
        code: expect.stringMatching(code) as string,
      })
    }
    await expect(make({ auth: asciiAuth(wrong) }).get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_AUTH_NOT_REQUIRED',
    })
  })

  it('replaces a connection that should be, and loses nothing', async () => {
    const connections = retirable(tls(secure.clientTls))
    const { transport, retire } = connections
    const client = make({ server: secure.address, transport, auth: sasl(secure.credentials ?? NONE) })
    await client.set('kept', 'x')
    const asked = Array.from({ length: 100 }, () => client.get<Read>('kept'))
    retire()
    const more = Array.from({ length: 100 }, () => client.get<Read>('kept'))
    for (const { value } of await Promise.all([...asked, ...more])) expect(value).toBe('x')
    expect(connections.connected).toBe(2)
  })

  it('takes TLS from the layer alone', () => {
    expect(() => make({ tls: {} } as object)).toThrow('@memkeep/tls')
  })
})

describe('encryption', () => {
  const keyring = Keyring.generate()

  it('stores envelopes alone, after packing', async () => {
    const client = make({ middleware: [encryption({ keyring })] })
    await client.set('secret', { password: 'hunter2' })
    const stored = await peek.gets('secret')
    expect(stored?.value.toString('latin1')).not.toContain('hunter2')
    expect(stored?.flags).toBe(2)
    expect((await client.get<RetrievalCommandResponse<object>>('secret')).value).toEqual({
      password: 'hunter2',
    })
  })

  it('takes what is not its own for a miss', async () => {
    const client = make({ middleware: [encryption({ keyring })] })
    await client.set('a', 'of a')
    await client.set('b', 'of b')
    const swapped = await peek.gets('a')
    await peek.set('b', swapped?.value ?? '', { flags: swapped?.flags })
    await peek.set('c', 'plain')
    expect(await client.get('b')).toBeUndefined()
    expect(await client.get('c')).toBeUndefined()
    const all = await client.get<Record<string, Read>>(['a', 'b', 'c'])
    expect(Object.keys(all)).toEqual(['a'])
  })

  it('fails where it is told to, and goes on', async () => {
    const client = make({ middleware: [encryption({ keyring, onFailure: 'throw' })] })
    await peek.set('foreign', 'plain')
    expect(await fails(client.get('foreign'))).toContain('envelope')
    await client.set('own', 'x')
    expect((await client.get<Read>('own')).value).toBe('x')
  })

  it('hides names, and answers under those that were asked for', async () => {
    const client = make({ middleware: [encryption({ keyring, keyNames: 'hmac' })] })
    await client.set('user:1@example.org', 'x')
    expect(await peek.get('user:1@example.org')).toBeUndefined()
    const long = `a key with spaces ${'k'.repeat(300)}`
    await client.set(long, 'y')
    const all = await client.get<Record<string, Read>>(['user:1@example.org', long])
    expect(Object.entries(all).map(([key, { value, tokens }]) => [key, value, tokens[1]])).toEqual([
      ['user:1@example.org', 'x', 'user:1@example.org'],
      [long, 'y', long],
    ])
  })

  it('refuses what would change sealed bytes, and raw text', async () => {
    const client = make({ middleware: [encryption({ keyring })] })
    for (const attempt of [
      () => client.append('k', 'x'),
      () => client.prepend('k', 'x'),
      () => client.incr('k', 1),
      () => client.decr('k', 1),
      () => client.cmd('stats'),
      () => client.send('get k\r\n'),
      () => client.xsend('get k\r\n'),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION' })
    }
    expect(await client.version()).toEqual(['VERSION', expect.any(String)])
    const told = make({ middleware: [encryption({ keyring })], dangerouslyAllowRawCommands: true })
    expect(await told.cmd('stats')).toHaveProperty('STAT')
  })

  it('binds the expiry that the lifetime says', async () => {
    const client = make({ middleware: [encryption({ keyring, bindExpiry: true })] })
    for (const lifetime of [60, Math.floor(Date.now() / 1000) + 3_000_000]) {
      await client.set('bound', 'x', { lifetime })
      expect((await client.get<Read>('bound')).value).toBe('x')
    }
  })
})

const NONE = { username: '', password: '' }
