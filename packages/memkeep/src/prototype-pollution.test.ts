import { MemcachedClient, elastiCache, type MemcachedClientOptions } from '@memkeep/client'
import { encryption, EnvelopeCipher, Keyring } from '@memkeep/encryption'
import { KeyvMemcached } from '@memkeep/keyv'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { createPki, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hardening } from './index.ts'

let server: MemcachedServer
let folder: string
const polluted: string[] = []

beforeAll(async () => {
  server = await startMemcached('tls')
  folder = await mkdtemp(join(tmpdir(), 'memkeep-pollution-'))
})
afterEach(() => {
  for (const name of polluted.splice(0)) Reflect.deleteProperty(Object.prototype, name)
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

/** Gives every object a property, as an attacker does who can set `Object.prototype`. */
function pollute(properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(Object.prototype, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
    polluted.push(name)
  }
}

async function ask(options: Partial<MemcachedClientOptions>): Promise<unknown> {
  const client = new MemcachedClient({ servers: server.address, ...options })
  try {
    return await client.set('k', 'v').catch((error: unknown) => (error as { readonly code: string }).code)
  } finally {
    await client.close()
  }
}

describe('a polluted Object.prototype', () => {
  it('makes no client accept an unknown authority, nor another name', async () => {
    const { ca } = await createPki()
    const named = server.address.replace('127.0.0.1', 'localhost')
    pollute({
      dangerouslySkipVerification: true,
      servername: '127.0.0.1',
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    expect(await ask({ transport: tls({ ca }) })).toMatch(/^ERR_MEMKEEP_TLS_/)
    const { ca: trusted = '' } = server.clientTls
    expect(await ask({ servers: named, transport: tls({ ca: trusted }) })).toBe(true)
    const layers = hardening({ servers: server.address, tls: { ca } })
    expect(layers.transport.confidential).toBe(true)
    expect(await ask({ transport: layers.transport })).toMatch(/^ERR_MEMKEEP_TLS_/)
    layers.close()
  })

  it('changes how no connection is opened', async () => {
    pollute({ localAddress: '192.0.2.1', lookup: () => undefined, timeout: 1 })
    const { ca = '' } = server.clientTls
    for (const name of [server.address, server.address.replace('127.0.0.1', 'localhost')]) {
      expect(await ask({ servers: name, transport: tls({ ca }) })).toBe(true)
    }
  })

  it('lets no password cross a network in cleartext', async () => {
    pollute({ allowInsecureAuth: true, env: {} })
    const credentials = { username: 'user', password: 'hunter2' }
    for (const auth of [sasl({ ...credentials, mechanisms: ['PLAIN'] }), asciiAuth(credentials)]) {
      const context = {
        endpoint: { host: 'cache.example', port: 1 },
        passwordSafe: false,
        signal: AbortSignal.timeout(10_000),
      }
      await expect(auth.authenticate(undefined as never, context)).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
      })
      auth.close()
    }
    expect(() => hardening({ servers: 'cache.example', asciiAuth: credentials })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL' }) as Error,
    )
  })

  it('opens no file of secrets that others can read', async () => {
    const file = join(folder, 'secret')
    await writeFile(file, Keyring.generate().exportText())
    await chmod(file, 0o640)
    pollute({ allowGroup: true })
    expect(() => Keyring.fromFile(file)).toThrow(/chmod 600/)
    expect(() => sasl({ username: 'user', password: { file } })).toThrow(/chmod 600/)
    expect(() => tls({ cert: 'x', key: { file } })).toThrow(/chmod 600/)
  })

  it('switches no encryption off, and reads no plaintext', () => {
    const keyring = Keyring.generate()
    pollute({
      migration: 'write-plaintext',
      plainKeys: () => true,
      context: 'other',
      algorithm: 'chacha20-poly1305',
      bindExpiry: true,
      keyNames: 'hmac',
      onFailure: 'throw',
      nameKey: 'ffffffff',
    })
    const layer = encryption({ keyring })
    const plain = { key: 'k', value: Buffer.from('a private value'), flags: 0 }
    const sealed = layer.encode(plain)
    expect(sealed.value.includes('private')).toBe(false)
    expect(layer.mapKey('k')).toBe('k')
    expect(layer.decode(plain)).toBeUndefined()
    expect(layer.describe()).toMatchObject({
      context: '',
      migration: 'strict',
      bindExpiry: false,
      plainKeys: false,
    })
    const cipher = new EnvelopeCipher({ keyring })
    expect(cipher.open(sealed)).toEqual(plain.value)
  })

  it('changes neither clients nor adapters, nor single calls', async () => {
    pollute({
      ttl: 1,
      namespace: 'other',
      onServerDown: 'miss',
      maxValueBytes: 1,
      retries: 7,
      flags: 9,
      weight: 0,
      allowFlush: true,
      timeout: 1,
      interval: -1,
      keys: true,
      discovery: elastiCache,
    })
    const { ca = '' } = server.clientTls
    const [host = '', port = ''] = server.address.split(':')
    const servers = [{ host, port: Number(port) }]
    await using client = new MemcachedClient({ servers, transport: tls({ ca }) })
    expect(await client.set('plain', 'value', {})).toBe(true)
    expect(await client.gets('plain', {})).toMatchObject({ flags: 0 })
    expect(client.servers).toEqual([server.address])
    const store = new KeyvMemcached({ client })
    await expect(store.clear()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION' })
    expect(() => elastiCache()).not.toThrow()
  })
})
