import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MemcachedClient, type Hardening } from '@memkeep/client'
import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  partsOf,
  startFaultServer,
  startMemcached,
  type MemcachedServer,
  type Posture,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../cli/main.ts'
import { bench } from '../commands/bench.ts'
import { testContext } from '../../test/cli/context.ts'
import { bytesOnServer } from './server-bench.ts'

const BIN = fileURLToPath(new URL('../../bin/memkeep.mjs', import.meta.url))
const SHORT = ['--seconds', '1', '--sizes', '100', '--concurrency', '1,8']

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-bench-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** Runs `memkeep bench` in this process. */
async function runBench(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const context = testContext()
  const code = await run(['bench', ...args], context, [bench])
  return { code, ...context.written }
}

/** What a legitimate client types to get in. */
async function optionsFor(server: MemcachedServer): Promise<readonly string[]> {
  const { ca, cert, key } = server.clientTls
  const files = { ca, cert, key, 'password-file': server.credentials?.password }
  const options: string[] = []
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    options.push(`--${name}`, path)
  }
  if (server.credentials !== undefined) options.push('--username', server.credentials.username)
  if (partsOf(server.posture).auth === 'ascii') options.push('--auth', 'ascii')
  return options
}

function clientFor({ address, clientTls, credentials, posture }: MemcachedServer): MemcachedClient {
  const { tls: withTls, auth } = partsOf(posture)
  const hardening: Hardening = {
    ...(withTls && { transport: tls(clientTls) }),
    ...(credentials !== undefined && { auth: (auth === 'ascii' ? asciiAuth : sasl)(credentials) }),
  }
  return new MemcachedClient({ servers: address, ...hardening })
}

/** A figure of a server's own. */
async function statOf(server: MemcachedServer, name: string): Promise<number> {
  await using client = clientFor(server)
  const [stats] = (await client.stats()).values()
  return Number(stats?.get(name))
}

interface Report {
  readonly version: string
  readonly prefix: string
  readonly measurements: readonly {
    readonly operation: string
    readonly concurrency: number
    readonly plain: Readonly<Record<string, number>>
    readonly encrypted?: Readonly<Record<string, number>>
  }[]
  readonly remaining: number
}

describe('memkeep bench', () => {
  it.each<{ posture: Posture; more: readonly string[] }>([
    { posture: 'plain', more: ['--encryption'] },
    { posture: 'tls+ascii-auth', more: [] },
    { posture: 'mutual-tls+sasl', more: ['--encryption'] },
  ])('measures a server with $posture $more, and leaves nothing behind', async ({ posture, more }) => {
    await using server = await startMemcached(posture)
    const args = [server.address, ...(await optionsFor(server)), ...SHORT, ...more]
    const { code, stdout, stderr } = await runBench([...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const report = JSON.parse(stdout) as Report
    expect(
      report.measurements.map(({ operation, concurrency }) => `${operation} ${String(concurrency)}`),
    ).toEqual([...['set 1', 'get 1', 'getMany 1'], ...['set 8', 'get 8', 'getMany 8']])
    for (const { plain, encrypted } of report.measurements) {
      expect(encrypted !== undefined).toBe(more.includes('--encryption'))
      for (const figure of Object.values({ ...plain, ...encrypted })) expect(figure).toBeGreaterThanOrEqual(0)
      expect(plain['requestsPerSecond']).toBeGreaterThan(0)
    }
    expect(report.remaining).toBe(0)
    expect(await statOf(server, 'total_items')).toBeGreaterThan(2_000)
    expect(await statOf(server, 'curr_items')).toBe(0)
  })

  it('says so to people, and asks for a server that serves nobody', async () => {
    await using server = await startMemcached('plain')
    const { code, stdout, stderr } = await runBench([server.address, '--encryption', ...SHORT])
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^This loads .* with at most 2 MB of values: it should be no server that serves people\./,
    )
    expect(stderr).toMatch(/100 B, 8 at once …/)
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+ {2}memcached \d/)
    expect(stdout).toMatch(/100 B +requests\/s +spread +MB\/s +p50 µs +p99 µs +CPU µs +of plain\n/)
    expect(stdout).toMatch(
      /\ngetMany of 100, 8 at once +[\d,]+ +±\d+% .*\n {2}encrypted +[\d,]+ .* \d+\.\d\d\n/,
    )
  })

  it('has keys of its own that end by themselves, in no more room than it says, and removes them on Ctrl-C', async () => {
    await using server = await startMemcached('plain')
    await using client = clientFor(server)
    await client.set('theirs', 'stays')
    const args = [BIN, 'bench', server.address, '--seconds', '600', '--sizes', '100000', '--encryption']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let printed = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
    while (!printed.includes('1 at a time')) await delay(5)
    const keys = await keysOf(server)
    expect(keys.filter(({ key }) => key !== 'theirs').length).toBeGreaterThanOrEqual(200)
    for (const { key, ends } of keys.filter((each) => each.key !== 'theirs')) {
      expect(key).toMatch(/^memkeep-bench-[0-9a-f]{12}:(plain|encrypted):100000:[gs]:\d+$/)
      expect(ends).toBeGreaterThan(Date.now() / 1_000)
    }
    expect(await statOf(server, 'bytes')).toBeLessThan(bytesOnServer([100_000], true))
    child.kill('SIGINT')
    expect((await once(child, 'close')) as unknown[]).toEqual([130, null])
    expect((await keysOf(server)).map(({ key }) => key)).toEqual(['theirs'])
  })

  it('says that a server has lost what was stored, and removes the rest', async () => {
    await using server = await startMemcached('plain')
    const running = runBench([
      server.address,
      '--seconds',
      '9',
      '--sizes',
      '100',
      '--concurrency',
      '8',
      '--json',
    ])
    await using client = clientFor(server)
    while ((await statOf(server, 'get_hits')) < 1_000) await delay(5)
    await client.dangerouslyFlushAll()
    const { code, stderr } = await running
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'ERR_MEMKEEP_SERVER_ERROR',
        message: expect.stringMatching(/lost or changed a value .* was it flushed\?/) as string,
      },
    })
    expect(await keysOf(server)).toEqual([])
  })

  it('says why it gets in nowhere, and no password', async () => {
    await using server = await startMemcached('tls+sasl')
    const password = join(folder, 'wrong')
    await writeFile(password, 'a-wrong-password', { mode: 0o600 })
    const [, ca = ''] = await optionsFor(server)
    const args = [server.address, '--ca', ca, '--username', 'memkeep', '--password-file', password, ...SHORT]
    const { code, stdout, stderr } = await runBench(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/ERR_MEMKEEP_AUTH_REJECTED/)
    expect(stderr).not.toContain('a-wrong-password')
  })

  it('says that there is no server', async () => {
    const gone = await startFaultServer(() => undefined)
    await gone.close()
    const { code, stderr } = await runBench([gone.address, ...SHORT])
    expect(code).toBe(2)
    expect(stderr).toMatch(/ERR_MEMKEEP_CONNECT_FAILED/)
  })

  it.each([
    ['--sizes', '0', /--sizes takes whole numbers from 1 to 1000000$/m],
    ['--sizes', '2000000', /--sizes takes whole numbers from 1 to 1000000/],
    ['--concurrency', '1,x', /--concurrency takes whole numbers from 1 to 10000$/m],
    ['--seconds', '1,2', /--seconds takes one number/],
  ])('refuses %s %s before it connects', async (option, value, message) => {
    const { code, stderr } = await runBench(['127.0.0.1:1', option, value])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})

/** Every key that a server without protection has, and when it ends: Unix seconds, -1 for never. */
async function keysOf(
  server: MemcachedServer,
): Promise<readonly { readonly key: string; readonly ends: number }[]> {
  const socket = createConnection(server.port, server.host)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (text.endsWith('END\r\n')) socket.end()
  })
  socket.write('lru_crawler metadump all\r\n')
  await once(socket, 'close')
  return [...text.matchAll(/^key=(\S+) exp=(-?\d+)/gm)].map(([, key = '', ends]) => ({
    key: decodeURIComponent(key),
    ends: Number(ends),
  }))
}
