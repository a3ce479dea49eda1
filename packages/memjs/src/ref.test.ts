import { tcp } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import {
  retirable,
  runIdleProcess,
  startMemcached,
  type IdleMode,
  type MemcachedServer,
} from '@memkeep/testkit'
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

const run = (mode: IdleMode): Promise<readonly unknown[]> =>
  runIdleProcess(new URL('../test/ref-process.mjs', import.meta.url), plain.address, mode)

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
      const connections = retirable(below)
      const { transport, retire } = connections
      const client = HardenedMemjsClient.create(server.address, {
        transport,
        ...(server.credentials && { auth: sasl(server.credentials) }),
      })
      await client.set('k', 'x', {})
      expect(resources('TCPSocketWrap')).toBe(1)
      expect(client.unref()).toBe(client)
      expect(resources('TCPSocketWrap')).toBe(0)
      retire()
      expect(String((await client.get('k')).value)).toBe('x')
      expect(connections.connected).toBe(2)
      expect(resources('TCPSocketWrap')).toBe(0)
      expect(client.ref()).toBe(client)
      expect(resources('TCPSocketWrap')).toBe(1)
      client.close()
    },
  )
})
