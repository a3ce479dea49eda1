import { findServerFeatures, startFaultServer, startMemcached } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const { protocols } = await findServerFeatures()

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe('close', () => {
  it.each(protocols)('waits for every step of a call under way (%s)', async (protocol) => {
    await using server = await startMemcached('plain')
    for (let round = 0; round < 20; round++) {
      const client = new MemcachedClient({ servers: server.address, protocol })
      const key = `k${String(round)}`
      await client.set(`large${key}`, 'old')
      const counted = client.increment(key, { initial: 7, ttl: 60 })
      const tooLarge = client.set(`large${key}`, Buffer.alloc(1_100_000))
      const closed = client.close()
      await expect(tooLarge).rejects.toMatchObject({ code: 'ERR_MEMKEEP_VALUE_TOO_LARGE' })
      expect(await counted).toBe(7n)
      await closed
      await expect(client.get(key)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CLOSED' })
    }
    await using after = new MemcachedClient({ servers: server.address, protocol })
    expect((await after.get('k0'))?.toString()).toBe('7')
    expect(await after.get('largek0')).toBeUndefined()
  })

  it('takes no new call while it waits', async () => {
    await using server = await startMemcached('plain')
    const client = new MemcachedClient({ servers: server.address })
    const counted = client.increment('n', { initial: 1 })
    const closed = client.close()
    for (const call of [client.get('k'), client.set('k', 'v'), client.increment('n', { initial: 1 })]) {
      await expect(call).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CLOSED' })
    }
    await expect(client.getMany(['k'])).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CLOSED' })
    await expect(client.version()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CLOSED' })
    expect(await counted).toBe(1n)
    await closed
  })

  it('ends what a server out of use was still asked, and leaves nothing that holds the process', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|Timeout/.test(name)).length
    const stalled = await startFaultServer((socket) => {
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (!text.endsWith('version\r\n')) return
        socket.write(text === 'version\r\n' ? 'VERSION 0\r\n' : 'CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
      })
    })
    cleanups.push(() => stalled.close())
    await using server = await startMemcached('plain')
    const before = sockets()
    const client = new MemcachedClient({
      servers: [stalled.address, server.address],
      distribution: 'modulo',
      timeout: 60_000,
      closeTimeout: 60_000,
    })
    const calls = Array.from({ length: 20 }, (_, index) => client.get(`k${String(index)}`))
    const settled = Promise.allSettled(calls)
    client.removeServer(stalled.address)
    await client.close({ timeout: 50 })
    const codes = (await settled).flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { readonly code: string }).code] : [],
    )
    expect(codes.length).toBeGreaterThan(0)
    expect(new Set(codes)).toEqual(new Set(['ERR_MEMKEEP_CLOSED']))
    await expect.poll(sockets, { timeout: 20_000 }).toBeLessThanOrEqual(before)
  })
})
