import { inspect } from 'node:util'
import { Secret } from '@memkeep/core'
import { startFaultServer, startMemcached, startRelay, type Credentials } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { opens, pretendingToBe } from '../test/open.ts'
import { asciiAuth } from './ascii-auth.ts'
import type { MechanismName } from './mechanisms/mechanism.ts'
import { saslExternal } from './sasl-external.ts'
import { sasl } from './sasl.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

/** What a server started with a password has. */
function credentialsOf({ credentials }: { readonly credentials: Credentials | undefined }): Credentials {
  if (credentials === undefined) throw new Error('no credentials')
  return credentials
}

describe.each([
  ['sasl', sasl],
  ['ascii-auth', asciiAuth],
] as const)('%s on the real memcached', (posture, factory) => {
  it('is accepted with the right password', async () => {
    await using server = await startMemcached(posture)
    await opens(server.address, factory(credentialsOf(server)))
    const { username, password } = credentialsOf(server)
    await opens(server.address, factory({ username, password: new Secret(password) }))
  })

  it('is accepted on a Unix socket', async () => {
    await using server = await startMemcached(posture, { unixSocket: true })
    await opens(server.address, factory(credentialsOf(server)))
  })

  it.each([
    ['password', { username: 'memkeep', password: 'hunter2-wrong' }],
    ['user', { username: 'stranger', password: 'hunter2-wrong' }],
  ])('refuses a wrong %s, and says so without repeating it', async (_, credentials) => {
    await using server = await startMemcached(posture)
    const error: unknown = await opens(server.address, factory(credentials)).catch(
      (reason: unknown) => reason,
    )
    expect(error).toEqual(code('AUTH_REJECTED'))
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain('hunter2')
  })

  it('gives no password to a server that does not ask for one', async () => {
    await using server = await startMemcached('plain')
    await using relay = await startRelay(server)
    const auth = factory({ username: 'memkeep', password: 'hunter2' })
    await expect(opens(relay.address, auth)).rejects.toEqual(code('AUTH_NOT_REQUIRED'))
    expect(relay.connections).toBe(1)
    expect(relay.saw('hunter2')).toBe(false)
  })

  it('sends no password to a name elsewhere over a channel that others can read', async () => {
    await using server = await startMemcached(posture)
    await using relay = await startRelay(server)
    const { username, password } = credentialsOf(server)
    const transport = pretendingToBe(relay.address)
    await expect(opens('cache.example', factory({ username, password }), { transport })).rejects.toEqual(
      code('AUTH_INSECURE_CHANNEL'),
    )
    for (const secret of [username, password, Buffer.from(password).toString('base64')]) {
      expect(relay.saw(secret)).toBe(false)
    }
  })

  it('does so when told, and then the relay reads the password', async () => {
    await using server = await startMemcached(posture)
    await using relay = await startRelay(server)
    const credentials = credentialsOf(server)
    const auth = factory({ ...credentials, allowInsecureAuth: true })
    await opens('cache.example', auth, { transport: pretendingToBe(relay.address) })
    expect(relay.saw(credentials.password)).toBe(true)
  })

  it('gives up on a server that never answers', async () => {
    const silent = await startFaultServer(() => undefined)
    const auth = factory({ username: 'memkeep', password: 'hunter2' })
    await expect(opens(silent.address, auth, { timeout: 200 })).rejects.toEqual(code('CONNECT_TIMEOUT'))
    await silent.close()
  })

  it('is not deceived by garbage', async () => {
    const hostile = await startFaultServer((socket) =>
      socket.on('data', () => socket.write('220 smtp ready\r\n')),
    )
    const auth = factory({ username: 'memkeep', password: 'hunter2' })
    await expect(opens(hostile.address, auth)).rejects.toEqual(code('PROTOCOL'))
    await hostile.close()
  })
})

describe('without authentication', () => {
  it('says that a server demands a password, before any command', async () => {
    await using server = await startMemcached('ascii-auth')
    await expect(opens(server.address, undefined)).rejects.toEqual(code('AUTH_REQUIRED'))
  })

  it('says what may be wrong when a SASL server stays silent', async () => {
    await using server = await startMemcached('sasl')
    await expect(opens(server.address, undefined, { timeout: 300 })).rejects.toThrow(/or demand SASL/)
  })
})

const ALL = ['plain', 'scram-sha-256', 'scram-sha-1', 'cram-md5']

describe.each(['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'CRAM-MD5'] as const)(
  '%s on the real memcached',
  (mechanism) => {
    const mechanisms: readonly MechanismName[] = [mechanism]

    it('is accepted, and refused', async () => {
      await using server = await startMemcached('sasl', { mechanisms: ALL })
      const { username, password } = credentialsOf(server)
      await opens(server.address, sasl({ username, password, mechanisms }))
      for (const wrong of [
        { username, password: 'wrong' },
        { username: 'stranger', password },
        { username: 'u'.repeat(255), password },
        { username: 'u'.repeat(5000), password },
      ]) {
        await expect(opens(server.address, sasl({ ...wrong, mechanisms }))).rejects.toEqual(
          code('AUTH_REJECTED'),
        )
      }
    })

    it.each([
      ['in Unicode', { username: 'müller', password: 'pässwörd ☃' }],
      ['with what SCRAM escapes', { username: 'a=b,c', password: 'x=y,z' }],
      ['of 255 bytes', { username: 'u'.repeat(255), password: 'p'.repeat(255) }],
    ])('is accepted with a name and a password %s', async (_what, credentials) => {
      await using server = await startMemcached('sasl', { mechanisms: ALL, credentials })
      await opens(server.address, sasl({ ...credentials, mechanisms }))
    })
  },
)

describe('the choice of a mechanism', () => {
  it('takes SCRAM before PLAIN, so that the password does not cross the wire', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ALL })
    await using relay = await startRelay(server)
    await opens(relay.address, sasl(credentialsOf(server)))
    expect(relay.saw('SCRAM-SHA-256')).toBe(true)
    expect(relay.saw(credentialsOf(server).password)).toBe(false)
  })

  it('allows SCRAM where others can read', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ALL })
    await using relay = await startRelay(server)
    const transport = pretendingToBe(relay.address)
    await opens('cache.example', sasl(credentialsOf(server)), { transport })
    expect(relay.saw(credentialsOf(server).password)).toBe(false)
  })

  it.each(['PLAIN', 'CRAM-MD5'] as const)(
    'never takes %s there, and then says nothing',
    async (mechanism) => {
      await using server = await startMemcached('sasl', { mechanisms: ALL })
      await using relay = await startRelay(server)
      const auth = sasl({ ...credentialsOf(server), mechanisms: [mechanism] })
      await expect(
        opens('cache.example', auth, { transport: pretendingToBe(relay.address) }),
      ).rejects.toEqual(code('AUTH_INSECURE_CHANNEL'))
      expect(relay.bytes()).toHaveLength(0)
    },
  )

  it('names what a server offers when there is nothing in common', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ['scram-sha-256'] })
    const attempt = opens(server.address, sasl({ ...credentialsOf(server), mechanisms: ['PLAIN'] }))
    await expect(attempt).rejects.toEqual(code('AUTH_MECHANISM_UNAVAILABLE'))
    await expect(attempt).rejects.toThrow('it offers SCRAM-SHA-256')
    await expect(opens(server.address, saslExternal())).rejects.toEqual(code('AUTH_MECHANISM_UNAVAILABLE'))
  })

  it('refuses what is weaker than it must be', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ['plain'] })
    await using relay = await startRelay(server)
    const auth = sasl({ ...credentialsOf(server), minimumStrength: 'SCRAM-SHA-256' })
    await expect(opens(relay.address, auth)).rejects.toEqual(code('AUTH_MECHANISM_TOO_WEAK'))
    expect(relay.saw(credentialsOf(server).password)).toBe(false)
  })
})
