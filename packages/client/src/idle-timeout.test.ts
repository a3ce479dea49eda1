import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { eventually, startFaultServer, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { MemcachedClient } from './client.ts'

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('plain')
})
afterAll(() => server.stop())

describe('idleTimeout', () => {
  let errors: unknown[] = []
  const onEvent = (message: unknown): void => {
    errors.push(message)
  }
  const onDisconnect = (message: unknown): void => {
    const { error, unanswered } = message as { readonly error: unknown; readonly unanswered: number }
    if (error !== undefined || unanswered > 0) errors.push(message)
  }
  beforeAll(() => {
    subscribe('memkeep:client:eject', onEvent)
    subscribe('memkeep:client:disconnect', onDisconnect)
  })
  afterAll(() => {
    unsubscribe('memkeep:client:eject', onEvent)
    unsubscribe('memkeep:client:disconnect', onDisconnect)
  })
  afterEach(() => {
    errors = []
  })

  it('closes an idle connection without an error, and the next call opens another', async () => {
    await using client = new MemcachedClient({ servers: server.address, idleTimeout: 30 })
    const disconnected = vi.fn()
    subscribe('memkeep:client:disconnect', disconnected)
    for (let round = 1; round <= 3; round++) {
      expect(await client.set('idle', String(round))).toBe(true)
      expect(String(await client.get('idle'))).toBe(String(round))
      await eventually(() => {
        expect(disconnected.mock.calls.length).toBe(round)
      })
    }
    unsubscribe('memkeep:client:disconnect', disconnected)
    expect(errors).toEqual([])
  })

  it('closes each of several connections', async () => {
    await using client = new MemcachedClient({ servers: server.address, idleTimeout: 30, connections: 4 })
    const disconnected = vi.fn()
    subscribe('memkeep:client:disconnect', disconnected)
    await eventually(async () => {
      await Promise.all(Array.from({ length: 200 }, (_, n) => client.get(`key${String(n)}`)))
      expect(disconnected.mock.calls.length).toBeGreaterThan(0)
    })
    unsubscribe('memkeep:client:disconnect', disconnected)
    expect(errors).toEqual([])
  })

  it('keeps a connection while a reply is due', async () => {
    const held: (() => void)[] = []
    await using playing = await startFaultServer((socket) => {
      let holds = false
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (text.startsWith('version')) socket.write('VERSION 0\r\n')
        else if (text.startsWith('get hold')) {
          holds = true
          held.push(() => socket.write('END\r\n'))
        } else socket.write('END\r\n')
      })
      // one that was idle for as long is closed by then
      socket.on('close', () => {
        if (!holds) for (const answer of held) answer()
      })
    })
    const options = { servers: playing.address, idleTimeout: 30, protocol: 'text' } as const
    await using waiting = new MemcachedClient(options)
    await using idle = new MemcachedClient(options)
    const reply = waiting.get('hold', { timeout: 25_000 })
    await eventually(() => {
      expect(held.length).toBe(1)
    })
    await idle.get('other')
    expect(await reply).toBeUndefined()
    expect(errors).toEqual([])
  })

  it.each([-1, 0.5, 2 ** 31, '60000'])('refuses %j', (idleTimeout) => {
    expect(
      () => new MemcachedClient({ servers: server.address, idleTimeout: idleTimeout as number }),
    ).toThrow(/"idleTimeout" must be a whole number/)
  })
})
