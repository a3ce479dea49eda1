import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemcachedClient } from '@memkeep/client'
import { openChannel, parseEndpoint, type Channel } from '@memkeep/core'
import { eventually, createPki, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls, type TlsOptions } from '@memkeep/tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memkeep } from '../../../test/cli/memkeep.ts'
import { issueServer } from '../../certs/issue.ts'

const DAY = 86_400_000

let folder: string
/** What the commands printed with `--json`. */
let made: { readonly memcached: string; readonly pin: string; readonly code: string }
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-certs-'))
  await certs('ca')
  const { memcached, pin } = await certs('server', '127.0.0.1', 'cache.example')
  const { code } = await certs('client')
  made = { memcached, pin, code }
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

async function certs(...args: readonly string[]): Promise<typeof made> {
  const { code, stdout, stderr } = await memkeep(['certs', ...args, '--dir', folder, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as typeof made
}

const path = (name: string): string => join(folder, name)
const pair = (name: string): { readonly cert: string; readonly key: string } => ({
  cert: readFileSync(path(`${name}.pem`), 'utf8'),
  key: readFileSync(path(`${name}.key`), 'utf8'),
})

/** The real memcached, with the options that were printed. */
async function start(): Promise<MemcachedServer> {
  const pki = { ...(await createPki()), ca: pair('ca').cert, server: pair('server'), client: pair('client') }
  // the last of an option's values counts, so that these take the place of testkit's
  return startMemcached('mutual-tls', { pki, args: made.memcached.split(' ') })
}

/** The options of the code that was printed. */
function options(): TlsOptions {
  const named = [...made.code.matchAll(/(\w+): \{ file: '([^']+)' \}/g)]
  expect(named.map(([, name]) => name)).toEqual(['ca', 'cert', 'key'])
  return Object.fromEntries(named.map(([, name, file]) => [String(name), { file: String(file) }]))
}

async function connect(server: MemcachedServer, more: TlsOptions = {}): Promise<Channel> {
  using transport = tls({ ...options(), watchInterval: 0, ...more })
  return await openChannel(parseEndpoint(server.address), {
    transport,
    signal: AbortSignal.timeout(20_000),
  })
}
async function connects(server: MemcachedServer, more?: TlsOptions): Promise<void> {
  const channel = await connect(server, more)
  channel.destroy()
}

/** Tells memcached to load its files again. */
async function refresh(server: MemcachedServer): Promise<void> {
  const channel = await connect(server)
  channel.write('refresh_certs\r\n')
  const [answer] = (await once(channel, 'data')) as [Buffer]
  expect(answer.toString()).toBe('OK\r\n')
  channel.destroy()
}

describe('memcached with the certificates that were made, as was printed', () => {
  it('takes a client as was printed, under every name, and by the pin that was printed', async () => {
    await using server = await start()
    await connects(server)
    await connects(server, { servername: 'cache.example', pins: [made.pin] })
  })

  it('is refused under another name, by another pin, and by who trusts another authority', async () => {
    await using server = await start()
    const { ca } = await createPki()
    for (const [more, code] of [
      [{ servername: 'other.example' }, 'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH'],
      [{ pins: [`sha256/${'A'.repeat(43)}=`] }, 'ERR_MEMKEEP_TLS_PIN_MISMATCH'],
      [{ ca }, 'ERR_MEMKEEP_TLS_UNKNOWN_CA'],
    ] as const) {
      await expect(connect(server, more)).rejects.toMatchObject({ code })
    }
  })

  it('lets nobody in without a certificate, or with one of somebody else, or with a server’s', async () => {
    await using server = await start()
    const { client } = await createPki()
    using nobody = tls({ ca: { file: path('ca.pem') } })
    const signal = AbortSignal.timeout(20_000)
    await expect(
      openChannel(parseEndpoint(server.address), { transport: nobody, signal }),
    ).rejects.toMatchObject({ code: 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED' })
    for (const other of [client, pair('server')]) {
      await expect(connect(server, other)).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED',
      })
    }
  })

  it('is refused when its certificate has ended, and taken again once that is renewed', async () => {
    const ended = await issueServer(pair('ca'), {
      hosts: ['127.0.0.1'],
      now: new Date(Date.now() - 100 * DAY),
    })
    writeFileSync(path('server.pem'), ended.cert)
    writeFileSync(path('server.key'), ended.key)
    await using server = await start()
    await expect(connect(server)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_TLS_CERTIFICATE_EXPIRED' })
    await certs('renew', 'server')
    // the server still shows the old one: whoever tells it must get in
    await server.replaceCertificates({})
    await connects(server)
  })
})

describe('renewals', () => {
  it.each([[[]], [['--new-key']]])('are picked up by both sides without downtime: %j', async (more) => {
    await using server = await start()
    using transport = tls({ ...options(), watchInterval: 50 })
    // between a new key and its certificate they do not fit, and the old ones stay in use
    transport.on('reloadFailed', () => undefined)
    const client = new MemcachedClient({ servers: server.address, transport })
    const load = { running: true, done: 0 }
    const working = (async () => {
      for (; load.running; load.done++) {
        const value = Buffer.from(String(load.done))
        await client.set('counter', value)
        expect(await client.get('counter')).toEqual(value)
      }
    })()
    // what fails meanwhile is told below, and not before
    working.catch(() => undefined)
    const shown = (): readonly (string | undefined)[] => {
      const { own, connections } = transport.describe()
      return [own?.serialNumber, connections.at(-1)?.certificate?.serialNumber]
    }
    await eventually(() => {
      expect(shown()[1]).toBeDefined()
    })
    const before = shown()
    await certs('renew', 'server', ...more)
    await refresh(server)
    await certs('renew', 'client', ...more)
    await eventually(() => {
      for (const [index, serial] of shown().entries()) expect(serial).not.toBe(before[index])
    })
    const since = load.done
    await eventually(() => {
      expect(load.done).toBeGreaterThan(since + 10)
    })
    load.running = false
    await working
    await client.close()
    // a pin holds as long as the key does
    const pinned = connects(server, { pins: [made.pin] })
    if (more.length === 0) await pinned
    else await expect(pinned).rejects.toMatchObject({ code: 'ERR_MEMKEEP_TLS_PIN_MISMATCH' })
  })

  it('of the authority leave what it issued good', async () => {
    await using server = await start()
    await certs('renew', 'ca')
    await connects(server)
    await refresh(server)
    await connects(server)
  })
})
