import { MemcachedClient } from '@memkeep/client'
import { isPasswordSafe, tcp, type Transport } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  retirable,
  startFaultProxy,
  startMemcached,
  startRelay,
  type MemcachedServer,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'
import type { HardenedMemjsOptions } from './options.ts'

type Options = HardenedMemjsOptions<string | Buffer, Buffer | null>

let plain: MemcachedServer
let secure: MemcachedServer
let credentials: { username: string; password: string }
let peek: MemcachedClient
const clients: HardenedMemjsClient[] = []
const quiet = { log: () => undefined }

beforeAll(async () => {
  plain = await startMemcached('plain')
  secure = await startMemcached('mutual-tls+sasl')
  if (secure.credentials === undefined) throw new Error('no credentials')
  credentials = secure.credentials
  peek = new MemcachedClient({ servers: plain.address })
})

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

afterAll(async () => {
  await peek.close()
  await plain.stop()
  await secure.stop()
})

function make(servers: string, options: Options = {}): HardenedMemjsClient {
  const client = HardenedMemjsClient.create(servers, { timeout: 10, retries: 1, logger: quiet, ...options })
  clients.push(client)
  return client
}

describe('TLS and authentication', () => {
  it('loses nothing where many are sent at once', async () => {
    const client = make(secure.address, { transport: tls(secure.clientTls), auth: sasl(credentials) })
    const keys = Array.from({ length: 256 }, (_, index) => `many${String(index)}`)
    const stored = await Promise.all(keys.map((key) => client.set(key, 'x'.repeat(1_000), {})))
    expect(stored.every(Boolean)).toBe(true)
  })

  it("takes memjs's own user name", async () => {
    const { username, password } = credentials
    const transport = tls(secure.clientTls)
    const options = make(secure.address, { transport, username, password })
    expect(await options.set('k', 'x', {})).toBe(true)
    const inText = make(`${username}:${password}@${secure.address}`, { transport })
    expect((await inText.get('k')).value?.toString()).toBe('x')
    process.env['MEMCACHIER_USERNAME'] = username
    process.env['MEMCACHIER_PASSWORD'] = password
    process.env['MEMCACHIER_SERVERS'] = secure.address
    try {
      const inEnvironment = HardenedMemjsClient.create(undefined, { transport, timeout: 10 })
      clients.push(inEnvironment)
      expect((await inEnvironment.get('k')).value?.toString()).toBe('x')
    } finally {
      for (const name of ['USERNAME', 'PASSWORD', 'SERVERS'])
        Reflect.deleteProperty(process.env, `MEMCACHIER_${name}`)
    }
  })

  it('prints no password', () => {
    const { username, password } = credentials
    const client = make(`${username}:${password}@${secure.address}`, { password, username: 'x' })
    expect(inspect(client, { depth: 20, showHidden: true })).not.toContain(password)
    expect(JSON.stringify(client)).not.toContain(password)
  })

  it('says the password to nobody who reads along', async () => {
    const relay = await startRelay(plain)
    // a transport that cannot tell that it goes to loopback
    const elsewhere: Transport = {
      ...tcp(),
      name: 'elsewhere',
      async connect(endpoint, options) {
        const channel = await tcp().connect(endpoint, options)
        Object.defineProperty(channel, 'remoteAddress', { value: '192.0.2.1' })
        return channel
      },
    }
    expect(isPasswordSafe(elsewhere, { host: '127.0.0.1', port: 1 }, '192.0.2.1')).toBe(false)
    const client = make(relay.address, { transport: elsewhere, username: 'memkeep', password: 'hunter22' })
    await expect(client.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL' })
    await relay.close()
    expect(relay.saw('hunter22')).toBe(false)
  })

  it('fails by the errors of the layers', async () => {
    const transport = tls(secure.clientTls)
    const wrong = { username: 'memkeep', password: 'wrong' }
    const cases: [string, Options, RegExp][] = [
      [secure.address, { transport, auth: sasl(wrong) }, /^ERR_MEMKEEP_AUTH_REJECTED$/],
      [secure.address, { transport, ...wrong }, /^ERR_MEMKEEP_AUTH_REJECTED$/],
      [secure.address, { transport }, /^ERR_MEMKEEP_AUTH_REQUIRED$/],
      [secure.address, { transport: tls(), auth: sasl(credentials) }, /^ERR_MEMKEEP_TLS_/],
      [plain.address, { ...wrong }, /^ERR_MEMKEEP_AUTH_NOT_REQUIRED$/],
      ['127.0.0.1:1', {}, /^ERR_MEMKEEP_CONNECT_FAILED$/],
    ]
    for (const [address, options, code] of cases) {
      await expect(make(address, options).get('k')).rejects.toMatchObject({
        code: expect.stringMatching(code) as string,
      })
    }
  })

  it('refuses what does not go together', () => {
    expect(() => make(plain.address, { auth: asciiAuth(credentials) })).toThrow('speaks binary')
    expect(() => make(plain.address, { auth: sasl(credentials), username: 'x' })).toThrow(
      'exclude each other',
    )
    expect(() => make('a:b')).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_ENDPOINT' }) as Error,
    )
  })

  it('replaces a connection that should be, and loses nothing', async () => {
    const connections = retirable(tls(secure.clientTls))
    const { transport, retire } = connections
    const client = make(secure.address, { transport, auth: sasl(credentials) })
    await client.set('kept', 'x', {})
    const asked = Array.from({ length: 100 }, () => client.get('kept'))
    retire()
    const more = Array.from({ length: 100 }, () => client.get('kept'))
    for (const { value } of await Promise.all([...asked, ...more])) expect(value?.toString()).toBe('x')
    expect(connections.connected).toBe(2)
    retire()
    expect((await client.get('kept')).value?.toString()).toBe('x')
    expect(connections.connected).toBe(3)
  })
})

describe('keys', () => {
  it('are checked by every command', async () => {
    const client = make(plain.address)
    for (const key of ['', 'a b', 'a\r\nflush_all', 'k'.repeat(251)]) {
      for (const attempt of [
        () => client.get(key),
        () => client.set(key, 'x', {}),
        () => client.add(key, 'x', {}),
        () => client.replace(key, 'x', {}),
        () => client.delete(key),
        () => client.append(key, 'x'),
        () => client.prepend(key, 'x'),
        () => client.increment(key, 1),
        () => client.decrement(key, 1),
        () => client.touch(key, 1),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
      }
    }
  })
})

describe('encryption', () => {
  const keyring = Keyring.generate()

  it('stores envelopes alone', async () => {
    const client = make(plain.address, { middleware: [encryption({ keyring })] })
    await client.set('secret', 'hunter22', { expires: 60 })
    expect((await peek.get('secret'))?.toString('latin1')).not.toContain('hunter22')
    expect((await client.get('secret')).value?.toString()).toBe('hunter22')
  })

  it('takes what is not its own for a miss, or fails if told', async () => {
    const client = make(plain.address, { middleware: [encryption({ keyring })] })
    await client.set('a', 'of a', {})
    await peek.set('b', (await peek.get('a')) ?? '')
    await peek.set('c', 'plain')
    expect((await client.get('b')).value).toBeNull()
    expect((await client.get('c')).value).toBeNull()
    const strict = make(plain.address, { middleware: [encryption({ keyring, onFailure: 'throw' })] })
    await expect(strict.get('b')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_DECRYPT_FAILED' })
  })

  it('hides names, which may then be any text', async () => {
    const client = make(plain.address, { middleware: [encryption({ keyring, keyNames: 'hmac' })] })
    for (const key of ['user@example.org', `a name with spaces ${'k'.repeat(300)}`, 'ключ']) {
      await client.set(key, key, {})
      expect((await client.get(key)).value?.toString()).toBe(key)
    }
    expect(await peek.get('user@example.org')).toBeUndefined()
  })

  it('refuses what would change sealed bytes', async () => {
    const client = make(plain.address, {
      middleware: [encryption({ keyring, bindExpiry: true })],
      expires: 60,
    })
    await client.set('bound', 'x', {})
    expect((await client.get('bound')).value?.toString()).toBe('x')
    for (const attempt of [
      () => client.append('bound', 'x'),
      () => client.prepend('bound', 'x'),
      () => client.increment('bound', 1),
      () => client.decrement('bound', 1),
      () => client.touch('bound', 5),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION' })
    }
  })
})

describe('faults', () => {
  it('retries what was lost with its connection', async () => {
    const proxy = await startFaultProxy(plain)
    const client = make(proxy.address, { retries: 3, retry_delay: 0.01 })
    await client.set('lost', 'x', {})
    proxy.setMode('freeze')
    const asked = client.get('lost')
    proxy.setMode('pass')
    proxy.reset()
    expect((await asked).value?.toString()).toBe('x')
    await proxy.close()
  })

  it('gives up what is not answered, and goes on', async () => {
    const proxy = await startFaultProxy(plain)
    const client = make(proxy.address, { timeout: 0.2, conntimeout: 5 })
    await client.set('slow', 'x', {})
    proxy.setMode('blackhole')
    const answers = await Promise.allSettled([client.get('slow'), client.set('slow', 'y', {})])
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringContaining('timed out') as string },
      })
    }
    proxy.setMode('pass')
    expect((await client.get('slow')).value).not.toBeNull()
    await proxy.close()
  })

  it('goes to the next server when told, and asks the one that failed later', async () => {
    const client = make(`127.0.0.1:1,${plain.address}`, {
      failover: true,
      failoverTime: 60,
      retry_delay: 0.01,
    })
    for (let turn = 0; turn < 10; turn++) expect(await client.set(`over${String(turn)}`, 'x', {})).toBe(true)
    const down = make('127.0.0.1:1', { failover: true, retry_delay: 0.01 })
    await expect(down.get('k')).rejects.toThrow('No servers available')
  })

  it('chooses servers as it is told', async () => {
    const client = make(`127.0.0.1:1,${plain.address}`)
    const asked: string[] = []
    Object.defineProperty(client, 'getServer', {
      value: (key: string) => {
        asked.push(key)
        return 1
      },
    })
    expect(await client.set('mine', 'x', {})).toBe(true)
    expect(asked).toEqual(['mine'])
  })

  it('goes on after a server came back', async () => {
    const port = plain.port
    const first = await startMemcached('plain')
    const client = make(first.address, { retries: 1 })
    await client.set('k', 'x', {})
    await first.stop()
    await expect(client.get('k')).rejects.toThrow()
    const second = await startMemcached('plain', { port: first.port })
    expect(port).not.toBe(first.port)
    expect(await client.set('k', 'y', {})).toBe(true)
    await second.stop()
  })

  it('is closed at any time', async () => {
    const client = make(plain.address, { retries: 3, retry_delay: 0.01 })
    const asked = client.get('k')
    client.close()
    await expect(asked).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CLOSED' })
    const quitting = make(plain.address)
    await quitting.set('k', 'x', {})
    quitting.quit()
  })
})
