import { startMemcached, startRelay, type Credentials } from '@memkeep/testkit'
import { asciiAuth, sasl, type SaslOptions } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
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
