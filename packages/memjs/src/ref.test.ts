import { fork } from 'node:child_process'
import { once } from 'node:events'
import { tcp, type Transport } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'

let plain: MemcachedServer
let secure: MemcachedServer

beforeAll(async () => {
  ;[plain, secure] = await Promise.all([startMemcached('plain'), startMemcached('tls+sasl')])
})

afterAll(async () => {
  await Promise.all([plain.stop(), secure.stop()])
})

/** What a process with an idle client reports until it ends, and how it ends. */
async function run(mode: 'open' | 'unref' | 'ref again'): Promise<readonly unknown[]> {
  const child = fork(new URL('../test/ref-process.mjs', import.meta.url), [plain.address, mode], {
    execArgv: [],
  })
  const reported: unknown[] = []
  child.on('message', (message) => reported.push(message))
  const [code] = (await once(child, 'exit')) as unknown[]
  return [...reported, code]
}

describe('a process whose client is open and idle', () => {
  it('ends after unref()', async () => {
    expect(await run('unref')).toEqual(['idle', 0])
  })

  it('stays alive without unref(), and after ref()', async () => {
    expect(await Promise.all([run('open'), run('ref again')])).toEqual([
      ['idle', 'alive', 0],
      ['idle', 'alive', 0],
    ])
  })
})

describe('unref and ref', () => {
  const resources = (kind: string): number =>
    process.getActiveResourcesInfo().filter((name) => name === kind).length

  beforeEach(async () => {
    // those of clients that were closed before
    await expect.poll(() => resources('TCPSocketWrap'), { timeout: 25_000 }).toBe(0)
  })

  it.each(['plain', 'tls+sasl'] as const)(
    'apply to every connection, also later ones: %s',
    async (posture) => {
      const server = posture === 'plain' ? plain : secure
      const below = posture === 'plain' ? tcp() : tls(server.clientTls)
      let retire: (() => void) | undefined
      const transport: Transport = {
        name: below.name,
        confidential: below.confidential,
        connect(endpoint, options) {
          retire = options.onRetire
          return below.connect(endpoint, options)
        },
      }
      const client = HardenedMemjsClient.create(server.address, {
        transport,
        ...(server.credentials && { auth: sasl(server.credentials) }),
      })
      await client.set('k', 'x', {})
      expect(resources('TCPSocketWrap')).toBe(1)
      expect(client.unref()).toBe(client)
      expect(resources('TCPSocketWrap')).toBe(0)
      const first = retire
      first?.()
      expect(String((await client.get('k')).value)).toBe('x')
      expect(retire).not.toBe(first)
      expect(resources('TCPSocketWrap')).toBe(0)
      expect(client.ref()).toBe(client)
      expect(resources('TCPSocketWrap')).toBe(1)
      client.close()
    },
  )
})
