import { startFaultProxy, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { MemcachedClient } from './client.ts'

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('tls')
})
afterEach(() => {
  vi.useRealTimers()
})
afterAll(() => server.stop())

const client = (timeout = 5_000, servers = server.address): MemcachedClient =>
  new MemcachedClient({ servers, transport: tls(server.clientTls), timeout })

it('calls are answered under the fake timers of a test runner, on open and on new connections', async () => {
  const open = client()
  await open.set('k', 'v')
  vi.useFakeTimers()
  const late = client()
  for (const cache of [open, late]) {
    expect(await cache.set('k', 'v')).toBe(true)
    expect((await cache.get('k'))?.toString()).toBe('v')
    expect((await cache.getMany(['k', 'none'])).size).toBe(1)
    expect(await cache.increment('n', { initial: 1, ttl: 10 })).toBeDefined()
    await cache.delete('n')
    await cache.close()
  }
})

it('timeouts are of real time under fake timers', async () => {
  await using proxy = await startFaultProxy(server)
  const cache = client(100, proxy.address)
  await cache.set('k', 'v', { timeout: 20_000 })
  vi.useFakeTimers()
  proxy.setMode('freeze')
  await expect(cache.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' })
  await cache.close({ timeout: 100 })
})
