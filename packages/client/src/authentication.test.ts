import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, replaceFile, startMemcached, startRelay, type Credentials } from '@memkeep/testkit'
import { asciiAuth, sasl, type SaslOptions } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startLoad, type Load } from '../test/load.ts'
import { MemcachedClient } from './client.ts'

const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'CRAM-MD5'] as const
const OFFERED = MECHANISMS.map((name) => name.toLowerCase())

function credentialsOf({ credentials }: { readonly credentials: Credentials | undefined }): Credentials {
  if (credentials === undefined) throw new Error('no credentials')
  return credentials
}

describe('authentication over TLS', () => {
  it.each(
    MECHANISMS.flatMap((mechanism) =>
      (['tls+sasl', 'mutual-tls+sasl'] as const).map((posture) => ({ mechanism, posture })),
    ),
  )('is accepted by $mechanism on $posture, and refused', async ({ mechanism, posture }) => {
    await using server = await startMemcached(posture, { mechanisms: OFFERED })
    await using relay = await startRelay(server)
    using transport = tls(server.clientTls)
    const servers = `memcacheds://${relay.address}`
    const { username, password } = credentialsOf(server)
    const options: SaslOptions = { username, password, mechanisms: [mechanism] }
    await using client = new MemcachedClient({ servers, transport, auth: sasl(options) })
    expect(await client.set('key', 'value')).toBe(true)
    expect((await client.get('key'))?.toString()).toBe('value')
    await using stranger = new MemcachedClient({
      servers,
      transport,
      auth: sasl({ ...options, password: 'wrong' }),
    })
    await expect(stranger.get('key')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_AUTH_REJECTED' })
    for (const secret of [username, password, mechanism, 'value']) expect(relay.saw(secret)).toBe(false)
  })

  it('is accepted by ASCII authentication', async () => {
    await using server = await startMemcached('tls+ascii-auth')
    using transport = tls(server.clientTls)
    const auth = asciiAuth(credentialsOf(server))
    await using client = new MemcachedClient({ servers: `memcacheds://${server.address}`, transport, auth })
    expect(await client.set('key', 'value')).toBe(true)
  })
})

describe('a password rotated under full load', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'memkeep-passwords-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function install(password: string): Promise<string> {
    const path = join(folder, 'password')
    await replaceFile(path, password)
    return path
  }

  async function goesOn(load: Load): Promise<void> {
    const before = load.count()
    await eventually(() => {
      expect(load.count()).toBeGreaterThan(before + 1000)
    })
  }

  it.each([
    ['sasl', sasl],
    ['tls+ascii-auth', asciiAuth],
  ] as const)('fails no request, and a wrong one keeps serving (%s)', async (posture, factory) => {
    await using server = await startMemcached(posture, { mechanisms: ['scram-sha-256'] })
    const { username, password } = credentialsOf(server)
    using auth = factory({ username, password: { file: await install(password) }, watchInterval: 10 })
    const refusals: unknown[] = []
    auth.on('refused', ({ error }) => refusals.push(error))
    using secure = tls(server.clientTls)
    await using client = new MemcachedClient({
      servers: server.address,
      ...(posture === 'sasl' ? {} : { transport: secure }),
      auth,
      connections: 3,
    })
    const load = startLoad(client)
    const versions = (): readonly number[] => auth.describe().connections.map(({ version }) => version)
    const allAre = (version: number): Promise<void> =>
      eventually(() => {
        expect(versions()).toEqual([version, version, version])
      })
    await goesOn(load)
    await allAre(1)

    await server.replaceCredentials({ username, password: 'second' })
    await goesOn(load)
    await install('second')
    await allAre(2)
    await goesOn(load)

    // a wrong one: refused once, and the connections are those of the one before
    await install('wrong')
    await eventually(() => {
      expect(refusals.length).toBeGreaterThan(0)
    })
    await goesOn(load)
    expect(versions().every((version) => version === 2)).toBe(true)

    await install('second')
    await allAre(4)
    expect(await load.stop()).toEqual([])
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'ERR_MEMKEEP_AUTH_REJECTED' })
  })
})
