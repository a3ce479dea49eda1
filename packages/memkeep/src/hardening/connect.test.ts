import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { MemcachedClient } from '@memkeep/client'
import { Keyring } from '@memkeep/encryption'
import { startMemcached, POSTURES, type MemcachedServer, type Posture } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { withVariables } from '../../test/hardening/process-variables.ts'
import { connect, type HardenedClient } from './connect.ts'
import type { Environment } from './environment.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-connect-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What a person would write for a server, with its certificates in files. */
interface Written {
  readonly address: string
  readonly scheme: string
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  readonly auth: string | undefined
  /** Parameters by name. */
  readonly files: Readonly<Record<string, string>>
}

async function write({ posture, address, clientTls, credentials }: MemcachedServer): Promise<Written> {
  const files: Record<string, string> = {}
  for (const [name, pem] of Object.entries<string>({ ...clientTls })) {
    files[name] = join(folder, `${posture} ${name}.pem`)
    await writeFile(files[name], pem, { mode: 0o600 })
  }
  const auth = posture.includes('ascii') ? 'ascii' : posture.includes('sasl') ? 'sasl' : undefined
  const scheme = posture.includes('tls') ? 'memcacheds' : 'memcached'
  return { address, scheme, credentials, auth, files }
}

function toUri({ address, scheme, credentials, auth, files }: Written): string {
  const user =
    credentials === undefined
      ? ''
      : `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`
  const parameters = Object.entries({ ...files, ...(auth !== undefined && { auth }) }).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  )
  return `${scheme}://${user}${address}?${parameters.join('&')}`
}

function toVariables({ address, scheme, credentials, auth, files }: Written): Environment {
  return {
    MEMKEEP_URI: `${scheme}://${address}`,
    ...Object.fromEntries(
      Object.entries(files).map(([name, file]) => [`MEMKEEP_${name.toUpperCase()}`, file]),
    ),
    ...(auth !== undefined && { MEMKEEP_AUTH: auth }),
    ...(credentials !== undefined && {
      MEMKEEP_USERNAME: credentials.username,
      MEMKEEP_PASSWORD: credentials.password,
    }),
  }
}

async function works(client: HardenedClient): Promise<void> {
  await client.set('greeting', 'hello', { ttl: 60 })
  expect(String(await client.get('greeting'))).toBe('hello')
  await client.close()
}

describe.each(POSTURES)('%s', (posture: Posture) => {
  let server: MemcachedServer
  let written: Written
  beforeAll(async () => {
    const odd = { username: 'us.er', password: 'p@ss:w/rd?100%#&é' }
    server = await startMemcached(
      posture,
      posture === 'plain' || posture.endsWith('tls') ? {} : { credentials: odd },
    )
    written = await write(server)
  })
  afterAll(() => server.stop())

  it('is reached by a URI', async () => {
    await works(await connect(toUri(written)))
  })

  it('is reached by variables', async () => {
    await works(await connect({ env: toVariables(written) }))
  })

  it('is reached by the variables of the process', async () => {
    await withVariables(toVariables(written), async () => {
      await works(await connect())
    })
  })

  it('sees no value with keys at hand', async () => {
    const env = { ...toVariables(written), MEMKEEP_KEYS: Keyring.generate().exportText() }
    await using client = await connect({ env })
    await client.set('secret', 'a secret value', { ttl: 60 })
    expect(String(await client.get('secret'))).toBe('a secret value')
    await using stranger = await connect({ env: toVariables(written) })
    expect(String(await stranger.get('secret'))).not.toContain('a secret value')
  })

  it('keeps those out who leave something away', async () => {
    const { credentials, files, ...rest } = written
    const reduced: Written[] = [
      ...(credentials === undefined ? [] : [{ ...rest, files, credentials: undefined, auth: undefined }]),
      ...(credentials === undefined
        ? []
        : [{ ...written, credentials: { ...credentials, password: 's3cr3t-guess' } }]),
      ...(files['cert'] === undefined ? [] : [{ ...written, files: { ca: files['ca'] ?? '' } }]),
      ...(files['ca'] === undefined
        ? []
        : [
            { ...written, files: {} },
            { ...written, scheme: 'memcached', files: {} },
          ]),
    ]
    const results = await Promise.allSettled(
      reduced.map((each) => connect(toUri(each), { connectTimeout: 1_000 })),
    )
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'MemkeepError' } })
      expect(inspect(result, { depth: 20 })).not.toMatch(/s3cr3t-guess|p@ss:w/)
    }
  })
})

describe('connect', () => {
  it('gives a client of the usual kind, with its own options', async () => {
    await using server = await startMemcached('plain')
    await using client = await connect({ servers: server.address }, { namespace: 'shop', ttl: 60 })
    expectTypeOf(client).toExtend<MemcachedClient>()
    expect(client).toBeInstanceOf(MemcachedClient)
    await client.set('a', '1')
    await using all = await connect({ servers: server.address })
    expect(String(await all.get('shop:a'))).toBe('1')
    expect(client.describe()).toBe(client.hardening.describe())
    expect(Object.keys(client)).toEqual([])
  })

  it('waits for every server, and names those that do not answer', async () => {
    await using server = await startMemcached('plain')
    const dead = await freePorts(2)
    const uri = `memcached://${[server.address, ...dead].join()}`
    await expect(connect(uri)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CONNECT_FAILED',
      message: expect.stringMatching(/^2 of 3 servers cannot be used: Cannot connect to 127/) as string,
      cause: expect.objectContaining({ errors: [expect.any(Error), expect.any(Error)] }) as unknown,
    })
    await expect(connect(`memcached://${server.address},${String(dead[0])}`)).rejects.toThrow(String(dead[0]))
  })

  it('says what a server is that never answers', async () => {
    const mute = await startMute()
    await expect(connect(`memcached://${mute.address}`, { connectTimeout: 50 })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CONNECT_TIMEOUT',
    })
    await mute.close()
  })

  it('leaves nothing open when it fails', async () => {
    const mute = await startMute()
    await using server = await startMemcached('plain')
    const servers = `${server.address},${mute.address}`
    const keys = { file: join(folder, 'keys') }
    await writeFile(keys.file, Keyring.generate().exportText(), { mode: 0o600 })
    const closeKeyring = vi.spyOn(Keyring.prototype, 'close')
    const failing = connect({ servers, encryption: { keys } }, { connectTimeout: 50 })
    await expect(failing).rejects.toThrow()
    expect(closeKeyring).toHaveBeenCalled()
    closeKeyring.mockClear()
    await expect(connect({ servers, encryption: { keys } }, { timeout: -1 })).rejects.toThrow('"timeout"')
    expect(closeKeyring).toHaveBeenCalled()
    closeKeyring.mockRestore()
    // it ends when those who connected have gone
    await mute.close()
  })

  it('closes the layers with the client', async () => {
    await using server = await startMemcached('tls')
    const client = await connect({ servers: server.address, tls: server.clientTls })
    const { transport } = client.hardening
    if (transport === undefined) throw new Error('There is TLS')
    const close = vi.spyOn(transport, 'close')
    await client.close()
    expect(close).toHaveBeenCalledOnce()
  })

  it('says to one who wrote a URI what to write instead of a readable password', async () => {
    // a server that offers nothing but PLAIN, by an address that is not loopback's
    await using server = await startMemcached('sasl')
    const { username, password } = server.credentials ?? {}
    const uri = `memcached://${String(username)}:${String(password)}@0.0.0.0:${String(server.port)}`
    const connecting = connect(uri)
    await expect(connecting).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
      message: expect.stringContaining('write memcacheds://') as string,
    })
    await expect(connecting).rejects.not.toThrow(String(password))
  })
})

async function freePorts(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const addresses = servers.map((server) => `127.0.0.1:${String((server.address() as AddressInfo).port)}`)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return addresses
}

/** A server that takes connections and never says anything; its `close` waits until all of them have ended. */
async function startMute(): Promise<{ readonly address: string; close(): Promise<void> }> {
  const server = createServer((socket: Socket) => socket.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      await once(server.close(), 'close')
    },
  }
}
