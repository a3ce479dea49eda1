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
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'

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

  it.each([
    ['plain', () => ({ server: plain.address })],
    [
      'tls+sasl',
      () => ({
        server: secure.address,
        transport: tls(secure.clientTls),
        auth: sasl(secure.credentials ?? { username: '', password: '' }),
      }),
    ],
  ])('apply to every connection, also later ones: %s', async (_, options) => {
    const { server, ...layers } = options()
    const client = new HardenedMemcacheClient({ server: { server, maxConnections: 2 }, ...layers })
    await client.set('k', 'x')
    expect(resources('TCPSocketWrap')).toBe(1)
    expect(client.unref()).toBe(client)
    expect(resources('TCPSocketWrap')).toBe(0)
    const found = await Promise.all([client.get('k'), client.get('k'), client.get('k')])
    expect(found).toMatchObject([{ value: 'x' }, { value: 'x' }, { value: 'x' }])
    expect(resources('TCPSocketWrap')).toBe(0)
    expect(client.ref()).toBe(client)
    expect(resources('TCPSocketWrap')).toBe(2)
    client.shutdown()
  })

  it('apply to the timer of a pending command, and to a connection that is being replaced', async () => {
    const { transport, retire } = retirable(tcp())
    const client = new HardenedMemcacheClient({ server: plain.address, transport })
    await client.version()
    const asked = client.version()
    retire()
    const timers = resources('Timeout')
    client.unref()
    expect([resources('TCPSocketWrap'), resources('Timeout')]).toEqual([0, timers - 1])
    client.ref()
    expect([resources('TCPSocketWrap'), resources('Timeout')]).toEqual([1, timers])
    expect(await asked).toHaveLength(2)
    client.shutdown()
  })
})
