import { startFaultProxy, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import type { RetrievalCommandResponse } from 'memcache-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fails } from '../test/fails.ts'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

describe('connections and servers', () => {
  let plain: MemcachedServer
  const clients: HardenedMemcacheClient[] = []

  beforeAll(async () => {
    plain = await startMemcached('plain')
  })

  afterEach(() => {
    for (const each of clients.splice(0)) each.shutdown()
  })

  afterAll(async () => {
    await plain.stop()
  })

  const make = (options: HardenedMemcacheClientOptions): HardenedMemcacheClient => {
    const made = new HardenedMemcacheClient(options)
    clients.push(made)
    return made
  }

  it('tells that nobody listens', async () => {
    expect(await fails(make({ server: '127.0.0.1:1' }).cmd('stats'))).toContain('ECONNREFUSED')
  })

  it('exiles a server that cannot be reached, and takes it back', async () => {
    const proxy = await startFaultProxy(plain)
    const dead = proxy.address
    await proxy.close()
    const servers = {
      servers: [
        { server: dead, maxConnections: 1 },
        { server: plain.address, maxConnections: 1 },
      ],
    }
    const config = { retryFailedServerInterval: 1, failedServerOutTime: 1, keepLastServer: false }
    const some = make({ server: { ...servers, config } })
    for (let turn = 0; turn < 20; turn++) expect(await some.set(`k${String(turn)}`, 'x')).toEqual(['STORED'])
    const none = make({ server: { servers: [{ server: dead, maxConnections: 1 }], config } })
    expect(await fails(none.get('k'))).toContain('No more valid servers left')
    const all: unknown = await some.get(['k1', 'k2'])
    expect(Object.keys(all as object)).toEqual(['k1', 'k2'])
  })

  it('opens another connection after one was lost', async () => {
    const proxy = await startFaultProxy(plain)
    const one = make({ server: proxy.address })
    await one.set('lost', 'x')
    proxy.setMode('freeze')
    const asked = fails(one.get('lost'))
    proxy.reset()
    expect(await asked).toMatch(/socket|connect|lost|reset/i)
    proxy.setMode('pass')
    expect((await one.get<RetrievalCommandResponse<string>>('lost')).value).toBe('x')
    await proxy.close()
  })

  it('gives up commands that are not answered, and goes on', async () => {
    const proxy = await startFaultProxy(plain)
    const one = make({ server: proxy.address, cmdTimeout: 200 })
    await one.set('slow', 'x')
    proxy.setMode('freeze')
    const answers = await Promise.allSettled([one.cmd('stats'), one.get('slow'), one.set('slow', 'y')])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { message: 'Command timeout' } })
    }
    proxy.setMode('pass')
    expect(await one.version()).toEqual(['VERSION', expect.any(String)])
    await proxy.close()
  })

  it('gives up connecting, and tells', async () => {
    const proxy = await startFaultProxy(plain)
    proxy.setMode('freeze')
    const one = make({ server: proxy.address, connectTimeout: 100 })
    const told = new Promise((resolve) => one.once('timeout', resolve))
    await expect(one.get('k')).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CONNECT_TIMEOUT',
      connecting: true,
    })
    expect(await told).toMatchObject({ socket: undefined })
    await proxy.close()
  })

  it('is shut down at any time', async () => {
    make({ server: plain.address }).shutdown()
    const one = make({ server: plain.address })
    const asked = one.get('k')
    one.shutdown()
    expect(await fails(asked)).toBe('Shutdown requested')
  })
})
