import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { MemcachedClient } from '@memkeep/client'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../hardening/connect.ts'
import { Desk, freePort, isAlive, PACKAGE, type DevProcess, type Ready } from '../../test/dev/dev-process.ts'
import { ADAPTER_CODE, quoteForShell } from './settings.ts'

const POSTURES = [
  { name: 'as it is', args: [], auth: 'sasl', mutualTls: false },
  { name: 'with ASCII authentication', args: ['--auth', 'ascii'], auth: 'ascii', mutualTls: false },
  { name: 'with mutual TLS', args: ['--mutual-tls'], auth: 'sasl', mutualTls: true },
] as const

/** Runs a program in a process of its own, where the names of packages lead to the built ones. */
async function runCode(code: string, envFile?: string): Promise<string> {
  const source = envFile === undefined ? '' : `. ${quoteForShell(envFile)} && `
  const command = `${source}exec ${quoteForShell(process.execPath)} --input-type=module -e "$0"`
  const { stdout } = await promisify(execFile)('sh', ['-c', command, code], { cwd: PACKAGE })
  return stdout
}

const SPEAK =
  "await cache.set('greeting', 'hello'); process.stdout.write(String(await cache.get('greeting')))"
const CLOSE = '; await cache.close()'

describe.each(POSTURES)('memkeep dev $name', ({ args, auth, mutualTls }) => {
  let desk: Desk
  let running: DevProcess
  let ready: Ready

  beforeAll(async () => {
    desk = await Desk.make()
    running = desk.run([...args, '--json', '--port', await freePort()])
    ready = await running.ready()
  })

  afterAll(() => desk[Symbol.asyncDispose]())

  it('says what runs', () => {
    expect(ready).toMatchObject({ auth, mutualTls, memcached: { version: expect.any(String) as string } })
    expect(ready.mechanisms).toEqual(auth === 'sasl' ? ['SCRAM-SHA-256', 'PLAIN'] : [])
    expect(ready.made).toHaveLength(5)
  })

  it('is reached by the URI that it prints, with every layer on', async () => {
    await using client = await connect(ready.uri)
    expect(await client.set('greeting', 'hello')).toBe(true)
    expect(String(await client.get('greeting'))).toBe('hello')
    expect(client.describe()).not.toMatch(/YES/)
  })

  it('is reached by the code, and by the environment that it prints', async () => {
    const { code, envFile } = ready
    const fromEnvironment = `import { connect } from 'memkeep'\nconst cache = await connect()\n`
    const outputs = await Promise.all([
      runCode(`${code}\n${SPEAK}${CLOSE}`),
      runCode(`${fromEnvironment}${SPEAK}${CLOSE}`, envFile),
      runCode(`${ADAPTER_CODE}\n${SPEAK}; await cache.disconnect()`, envFile),
    ])
    expect(outputs).toEqual(['hello', 'hello', 'hello'])
  })

  it('keeps out strangers, wrong passwords and those without TLS', async () => {
    const ca = { file: ready.env['MEMKEEP_CA'] ?? '' }
    const own = mutualTls
      ? { cert: { file: ready.env['MEMKEEP_CERT'] ?? '' }, key: { file: ready.env['MEMKEEP_KEY'] ?? '' } }
      : {}
    const wrong = { username: 'memkeep', password: 'wrong' }
    const trusting = { ca, watchInterval: 0 }
    const layers = [
      // a server with SASL says nothing at all to text
      { transport: tls({ ...trusting, ...own }), ...(auth === 'sasl' && { protocol: 'binary' as const }) },
      { transport: tls({ ...trusting, ...own }), auth: auth === 'sasl' ? sasl(wrong) : asciiAuth(wrong) },
      {},
      ...(mutualTls ? [{ transport: tls(trusting), auth: sasl(wrong) }] : []),
    ]
    const codes: unknown[] = []
    for (const layer of layers) {
      await using client = new MemcachedClient({ servers: ready.address, ...layer, timeout: 10_000 })
      codes.push(await client.get('greeting').catch((error: unknown) => (error as { code?: unknown }).code))
    }
    expect(codes).toEqual([
      'ERR_MEMKEEP_AUTH_REQUIRED',
      'ERR_MEMKEEP_AUTH_REJECTED',
      'ERR_MEMKEEP_CONNECTION_LOST',
      ...(mutualTls ? ['ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED'] : []),
    ])
  })

  it('speaks no weak suite of TLS 1.2', async () => {
    const own = mutualTls
      ? {
          cert: await readFile(ready.env['MEMKEEP_CERT'] ?? ''),
          key: await readFile(ready.env['MEMKEEP_KEY'] ?? ''),
        }
      : {}
    const [host = '', port] = ready.address.split(':')
    const shake = (ciphers: string): Promise<string> =>
      new Promise((resolve) => {
        const options = { host, port: Number(port), ...own, ciphers, maxVersion: 'TLSv1.2' } as const
        const socket = connectTls({ ...options, rejectUnauthorized: false })
        const settle = (result: string): void => {
          socket.destroy()
          resolve(result)
        }
        socket.once('secureConnect', () => {
          settle(socket.getCipher().name)
        })
        socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
          settle(code)
        })
      })
    expect(await shake('ECDHE-ECDSA-AES128-GCM-SHA256')).toBe('ECDHE-ECDSA-AES128-GCM-SHA256')
    // the alert has another name since OpenSSL 3.5
    expect(await shake('ECDHE-ECDSA-AES128-SHA256')).toMatch(/^ERR_SSL_.*_ALERT_HANDSHAKE_FAILURE$/)
  })

  it('keeps everything for its owner alone, and no secret in what it says', async () => {
    expect((await stat(desk.dir)).mode & 0o777).toBe(0o700)
    const files = await readdir(desk.dir)
    for (const name of files)
      expect([name, (await stat(join(desk.dir, name))).mode & 0o777]).toEqual([name, 0o600])
    expect(await readFile(join(desk.dir, '.gitignore'), 'utf8')).toBe('*\n')
    const secrets = await secretsIn(desk.dir)
    const { stdout, stderr, code } = await running.kill('SIGINT')
    expect(code).toBe(0)
    expect(isAlive(ready.pid)).toBe(false)
    expect(await desk.leftovers()).toEqual([])
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret)
    expect(await readFile(ready.envFile, 'utf8')).not.toContain(secrets[0])
  })

  it('keeps password, certificates, keys and port for the next time', async () => {
    const before = await contentsOf(desk.dir)
    const again = desk.run(args)
    const printed = await again.says('As a URI')
    for (const secret of await secretsIn(desk.dir)) expect(printed).not.toContain(secret)
    expect(await contentsOf(desk.dir)).toEqual(before)
    await using client = await connect(ready.uri)
    expect((await client.version()).size).toBe(1)
    expect((await again.kill('SIGTERM')).code).toBe(0)
    expect(await desk.leftovers()).toEqual([])
  })
})

/** Pieces of every secret in a folder of dev; the password comes first. */
async function secretsIn(dir: string): Promise<readonly string[]> {
  const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8')
  const keys = await Promise.all(['ca.key', 'server.key', 'client.key'].map(read))
  const lines = keys.map((pem) => pem.split('\n')[1] ?? '')
  const [key] = (
    JSON.parse(await read('keys.json')) as { readonly keys: readonly { readonly key: string }[] }
  ).keys
  const secrets = [(await read('password')).trim(), ...lines, key?.key ?? '']
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(30)
  return secrets
}

async function contentsOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(dir)).toSorted()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')] as const)),
  )
}
