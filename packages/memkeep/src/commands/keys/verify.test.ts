import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemcachedClient } from '@memkeep/client'
import { distributeKey, encryption, generateKeyset, Keyring, type PeerReport } from '@memkeep/encryption'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memkeep, memkeepProcess, type Outcome } from '../../../test/cli/memkeep.ts'

const own = distributeKey(generateKeyset())
const other = generateKeyset()

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-verify-'))
  writeFileSync(join(folder, 'own.json'), JSON.stringify(own), { mode: 0o600 })
  writeFileSync(join(folder, 'other.json'), JSON.stringify(other), { mode: 0o600 })
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const file = (name: string): readonly string[] => ['--file', join(folder, name)]
const verify = (...args: readonly string[]): Promise<Outcome> => memkeep(['keys', 'verify', ...args])

/** What a service does at its start. */
async function service(
  server: MemcachedServer,
  keyset: typeof own,
  { namespace, context }: { readonly namespace?: string; readonly context?: string } = {},
): Promise<PeerReport> {
  const layer = encryption({ keyring: Keyring.fromKeyset(keyset), ...(context !== undefined && { context }) })
  const client = new MemcachedClient({
    servers: server.address,
    middleware: [layer],
    ...(namespace !== undefined && { namespace }),
  })
  try {
    return await layer.verifyPeers(client)
  } finally {
    await client.close()
  }
}

describe('verify', () => {
  it('agrees with a service of the same keys, as often as it is asked', async () => {
    await using server = await startMemcached('plain')
    await service(server, own)
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await verify(server.address, ...file('own.json'))
      expect(code).toBe(0)
      expect(stdout).toContain(
        `The keys fit.\nKeys of the service that was here last: ${own.primary} (primary), `,
      )
      expect(stderr).toContain(`Asking ${server.address}`)
    }
  })

  it('tells of a service with other keys, by ids, and goes on telling', async () => {
    await using server = await startMemcached('plain')
    await service(server, other)
    for (let time = 0; time < 2; time++) {
      const { code, stdout } = await verify(server.address, ...file('own.json'))
      expect(code).toBe(1)
      expect(stdout).toContain('The keys do not fit.')
      expect(stdout).toContain(other.primary)
      expect(stdout).toContain(own.primary)
      expect(stdout).not.toContain('memkeep-key-v1')
    }
    const { stdout } = await verify(server.address, ...file('own.json'), '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      agreed: false,
      peer: null,
      ids: [own.primary, own.keys[1]?.id],
    })
  })

  it('leaves word only when it is told to', async () => {
    await using server = await startMemcached('plain')
    const nobody = await verify(server.address, ...file('own.json'))
    expect(nobody.code).toBe(0)
    expect(nobody.stdout).toContain('Nobody has left word')
    expect((await service(server, other)).peer).toBeUndefined()
    await verify(server.address, ...file('own.json'), '--leave-word')
    expect((await service(server, other)).agreed).toBe(false)
  })

  it('asks for services of one context and namespace', async () => {
    await using server = await startMemcached('plain')
    await service(server, other, { context: 'billing', namespace: 'shop' })
    const asked = [server.address, ...file('own.json')]
    const billing = ['--context', 'billing', '--namespace', 'shop']
    expect((await verify(...asked)).stdout).toContain('Nobody has left word')
    expect((await verify(...asked, ...billing)).code).toBe(1)
    expect((await verify(server.address, ...file('other.json'), ...billing)).code).toBe(0)
  })

  it('takes keys from the environment, and wants some', async () => {
    await using server = await startMemcached('plain')
    await service(server, own)
    const env = { MEMKEEP_KEYS: Keyring.fromKeyset(own).exportText() }
    expect((await memkeep(['keys', 'verify', server.address], { env })).code).toBe(0)
    const { code, stderr } = await verify(server.address)
    expect(code).toBe(2)
    expect(stderr).toContain('MEMKEEP_KEYS_FILE and MEMKEEP_KEYS')
  })

  it('says when a server cannot be reached', async () => {
    const server = await startMemcached('plain')
    await server.stop()
    const { code, stdout, stderr } = await verify(server.address, ...file('own.json'))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('ERR_MEMKEEP')
  })
})

describe('processes that share a server with TLS and SASL', () => {
  it('find out whether their keys fit', async () => {
    await using server = await startMemcached('mutual-tls+sasl')
    const { ca = '', cert = '', key = '' } = server.clientTls
    const { username = '', password = '' } = server.credentials ?? {}
    const paths = Object.entries({ ca, cert, key, password }).map(([name, content]) => {
      const path = join(folder, name)
      writeFileSync(path, content, { mode: 0o600 })
      return [name === 'password' ? '--password-file' : `--${name}`, path] as const
    })
    const [tls, passwordFile] = [paths.slice(0, 3).flat(), paths.slice(3).flat()]
    const ask = (keyset: string, ...more: readonly string[]): Promise<Outcome> =>
      memkeepProcess(['keys', 'verify', server.address, ...file(keyset), ...more])
    const friend = [...tls, '--username', username, ...passwordFile]

    expect(await ask('other.json', ...friend, '--leave-word')).toMatchObject({ code: 0 })
    const [same, different, byVariable, stranger] = await Promise.all([
      ask('other.json', ...friend),
      ask('own.json', ...friend),
      memkeepProcess(
        ['keys', 'verify', server.address, ...file('own.json'), ...tls, '--username', username, '--json'],
        { env: { MEMKEEP_PASSWORD: password } },
      ),
      ask('own.json', '--ca', join(folder, 'ca')),
    ])
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('The keys fit.') as string })
    expect(different).toMatchObject({ code: 1, stdout: expect.stringContaining('do not fit') as string })
    expect(byVariable).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(byVariable.stdout)).toMatchObject({ agreed: false })
    expect(stranger.code).toBe(2)
    expect(stranger.stderr).toContain('ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED')
    for (const { stdout, stderr } of [same, different, byVariable, stranger]) {
      expect(stdout + stderr).not.toContain(password)
    }
  })
})
