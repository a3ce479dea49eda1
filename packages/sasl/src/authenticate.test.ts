import { inspect } from 'node:util'
import { openChannel, parseEndpoint, tcp, type Authenticator, type Transport } from '@memkeep/core'
import { startFaultServer, startMemcached, startRelay } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { asciiAuth } from './ascii-auth.ts'
import { sasl } from './sasl.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

async function open(
  address: string,
  auth: Authenticator | undefined,
  transport: Transport = tcp(),
  timeout = 10_000,
): Promise<void> {
  const channel = await openChannel(parseEndpoint(address), {
    transport,
    auth,
    signal: AbortSignal.timeout(timeout),
  })
  channel.destroy()
}

/** Reaches `address` whatever it is asked for, as a name elsewhere that resolves to it would. */
function pretendingToBe(address: string): Transport {
  return { ...tcp(), connect: (_endpoint, options) => tcp().connect(parseEndpoint(address), options) }
}

describe.each([
  ['sasl', sasl],
  ['ascii-auth', asciiAuth],
] as const)('%s on the real memcached', (posture, factory) => {
  it('is accepted with the right password', async () => {
    await using server = await startMemcached(posture)
    if (server.credentials === undefined) throw new Error('no credentials')
    await expect(open(server.address, factory(server.credentials))).resolves.toBeUndefined()
  })

  it('is accepted on a Unix socket', async () => {
    await using server = await startMemcached(posture, { unixSocket: true })
    if (server.credentials === undefined) throw new Error('no credentials')
    await expect(open(server.address, factory(server.credentials))).resolves.toBeUndefined()
  })

  it.each([
    ['password', { username: 'memkeep', password: 'hunter2-wrong' }],
    ['user', { username: 'stranger', password: 'hunter2-wrong' }],
  ])('refuses a wrong %s, and says so without repeating it', async (_, credentials) => {
    await using server = await startMemcached(posture)
    const error: unknown = await open(server.address, factory(credentials)).catch((reason: unknown) => reason)
    expect(error).toEqual(code('AUTH_REJECTED'))
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain('hunter2')
  })

  it('gives no password to a server that does not ask for one', async () => {
    await using server = await startMemcached('plain')
    await using relay = await startRelay(server)
    const auth = factory({ username: 'memkeep', password: 'hunter2' })
    await expect(open(relay.address, auth)).rejects.toEqual(code('AUTH_NOT_REQUIRED'))
    expect(relay.connections).toBe(1)
    expect(relay.saw('hunter2')).toBe(false)
  })

  it('sends nothing to a name elsewhere over a channel that others can read', async () => {
    await using server = await startMemcached(posture)
    await using relay = await startRelay(server)
    if (server.credentials === undefined) throw new Error('no credentials')
    const auth = factory(server.credentials)
    await expect(open('cache.example', auth, pretendingToBe(relay.address))).rejects.toEqual(
      code('AUTH_INSECURE_CHANNEL'),
    )
    expect(relay.bytes()).toHaveLength(0)
  })

  it('does so when told, and then the relay reads the password', async () => {
    await using server = await startMemcached(posture)
    await using relay = await startRelay(server)
    if (server.credentials === undefined) throw new Error('no credentials')
    const auth = factory({ ...server.credentials, allowInsecureAuth: true })
    await expect(open('cache.example', auth, pretendingToBe(relay.address))).resolves.toBeUndefined()
    expect(relay.saw(server.credentials.password)).toBe(true)
  })

  it('gives up on a server that never answers', async () => {
    const silent = await startFaultServer(() => undefined)
    const auth = factory({ username: 'memkeep', password: 'hunter2' })
    await expect(open(silent.address, auth, tcp(), 200)).rejects.toEqual(code('CONNECT_TIMEOUT'))
    await silent.close()
  })

  it('is not deceived by garbage', async () => {
    const hostile = await startFaultServer((socket) =>
      socket.on('data', () => socket.write('220 smtp ready\r\n')),
    )
    const auth = factory({ username: 'memkeep', password: 'hunter2' })
    await expect(open(hostile.address, auth)).rejects.toEqual(code('PROTOCOL'))
    await hostile.close()
  })
})

describe('without authentication', () => {
  it('says that a server demands a password, before any command', async () => {
    await using server = await startMemcached('ascii-auth')
    await expect(open(server.address, undefined)).rejects.toEqual(code('AUTH_REQUIRED'))
  })

  it('says what may be wrong when a SASL server stays silent', async () => {
    await using server = await startMemcached('sasl')
    await expect(open(server.address, undefined, tcp(), 300)).rejects.toThrow(/may demand SASL/)
  })
})

describe('sasl', () => {
  it('names the mechanisms that a server offers instead of PLAIN', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ['scram-sha-256'] })
    if (server.credentials === undefined) throw new Error('no credentials')
    const attempt = open(server.address, sasl(server.credentials))
    await expect(attempt).rejects.toEqual(code('AUTH_MECHANISM_UNAVAILABLE'))
    await expect(attempt).rejects.toThrow('SCRAM-SHA-256')
  })
})
