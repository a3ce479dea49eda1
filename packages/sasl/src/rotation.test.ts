import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, replaceFile, startMemcached, startRelay, type Credentials } from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { open, opens } from '../test/open.ts'
import { asciiAuth } from './ascii-auth.ts'
import { CHANNEL_NAMES, type RefusedMessage } from './channels.ts'
import { sasl } from './sasl.ts'

const NEXT: Credentials = { username: 'memkeep', password: 'hunter2-next' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-passwords-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Writes a password where a service reads it, as a whole. */
async function install(password: string): Promise<string> {
  const path = join(folder, 'password')
  await replaceFile(path, `${password}\n`)
  return path
}

describe.each([
  ['sasl', sasl],
  ['ascii-auth', asciiAuth],
] as const)('a changed password (%s)', (posture, factory) => {
  it('is read by refresh, and open connections are replaced one by one', async () => {
    await using server = await startMemcached(posture)
    const { password, username } = server.credentials ?? NEXT
    using auth = factory({ username, password: { file: await install(password) }, watchInterval: 0 })
    const asked: number[] = []
    const channels = [
      await open(server.address, auth, { onRetire: () => asked.push(0) }),
      await open(server.address, auth, { onRetire: () => asked.push(1) }),
    ]
    expect(await auth.refresh()).toBe(false)
    expect(asked).toEqual([])
    await server.replaceCredentials(NEXT)
    await install(NEXT.password)
    expect(await auth.refresh()).toBe(true)
    expect(asked).toEqual([0])
    channels[0]?.destroy()
    await eventually(() => {
      expect(asked).toEqual([0, 1])
    })
    channels.push(await open(server.address, auth))
    expect(auth.describe().connections.map(({ version }) => version)).toEqual([1, 2])
    for (const channel of channels) channel.destroy()
  })

  it('is noticed in its file', async () => {
    await using server = await startMemcached(posture)
    const { password, username } = server.credentials ?? NEXT
    using auth = factory({ username, password: { file: await install(password) }, watchInterval: 5 })
    await opens(server.address, auth)
    await server.replaceCredentials(NEXT)
    const refreshed = once(auth, 'refresh')
    await install(NEXT.password)
    await refreshed
    await opens(server.address, auth)
  })

  it('that the server refuses changes nothing: what it took before is said again, and the refusal is told', async () => {
    await using server = await startMemcached(posture)
    const { password, username } = server.credentials ?? NEXT
    using auth = factory({ username, password: { file: await install(password) }, watchInterval: 0 })
    const kept = await open(server.address, auth)
    await install('hunter2-wrong')
    await auth.refresh()
    const published: unknown[] = []
    const note = (message: unknown): void => void published.push(message)
    subscribe(CHANNEL_NAMES.refused, note)
    const refused = once(auth, 'refused')
    await opens(server.address, auth)
    const [message] = (await refused) as [RefusedMessage]
    expect(message).toMatchObject({
      server: server.address,
      version: 2,
      error: { code: 'ERR_MEMKEEP_AUTH_REJECTED' },
    })
    // and is left alone for a while
    await opens(server.address, auth)
    expect(published).toEqual([message])
    expect(JSON.stringify(published)).not.toContain('hunter2')
    unsubscribe(CHANNEL_NAMES.refused, note)
    expect(kept.destroyed).toBe(false)
    kept.destroy()
  })

  it('that cannot be read changes nothing', async () => {
    await using server = await startMemcached(posture)
    const { password, username } = server.credentials ?? NEXT
    const file = await install(password)
    using auth = factory({ username, password: { file }, watchInterval: 0 })
    const failures: unknown[] = []
    auth.on('refreshFailed', (error) => failures.push(error))
    await chmod(file, 0o604)
    await expect(auth.refresh()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE' })
    await install('')
    await expect(auth.refresh()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_CREDENTIALS' })
    expect(failures).toHaveLength(2)
    await opens(server.address, auth)
  })
})

describe('a refused password', () => {
  it('is not said again before its time is over, and then not more often than that', async () => {
    await using server = await startMemcached('sasl')
    await using relay = await startRelay(server)
    using auth = sasl({ username: 'memkeep', password: 'wrong' })
    await expect(opens(relay.address, auth)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_AUTH_REJECTED' })
    for (let time = 0; time < 20; time++) {
      await expect(opens(relay.address, auth)).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_AUTH_PAUSED',
        cause: { code: 'ERR_MEMKEEP_AUTH_REJECTED' },
      })
    }
    expect(relay.connections).toBe(1)
    expect(auth.describe()).toEqual({
      authenticator: 'sasl',
      version: 1,
      connections: [],
      refused: [{ server: relay.address, version: 1, times: 1 }],
    })
  })

  it('may be corrected at any time', async () => {
    await using server = await startMemcached('sasl')
    const { username, password } = server.credentials ?? NEXT
    using auth = sasl({ username, password: { file: await install('wrong') }, watchInterval: 0 })
    await expect(opens(server.address, auth)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_AUTH_REJECTED' })
    await install(password)
    await auth.refresh()
    await opens(server.address, auth)
  })
})
