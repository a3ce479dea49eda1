import { setImmediate as turn } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { eventually, startFaultServer } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import type { MemcachedClientOptions } from './options.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function client(options: MemcachedClientOptions): MemcachedClient {
  const made = new MemcachedClient({ closeTimeout: 100, ...options })
  cleanups.push(() => made.close())
  return made
}

/** A server that takes connections as memcached does, and answers a `mg` as `answer` says. */
async function playing(
  answer: (socket: Socket, opaque: string, key: string) => void,
): Promise<{ address: string; accepted: () => number }> {
  let accepted = 0
  const server = await startFaultServer((socket) => {
    accepted++
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (text.endsWith('version\r\n')) {
        socket.write(text === 'version\r\n' ? 'VERSION 0\r\n' : 'CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
        return
      }
      for (const [, key = '', opaque = ''] of text.matchAll(/mg (\S+)[^\r]* O(\d+)\r\n/g)) {
        answer(socket, opaque, key)
      }
    })
  })
  cleanups.push(() => server.close())
  return { address: server.address, accepted: () => accepted }
}

describe('a connection that falls silent while new ones work', () => {
  it.each([true, false])(
    'is left, be it that all callers end their wait by a signal: %s',
    async (signals) => {
      let silent = false
      const server = await playing((socket, opaque) => {
        if (silent && server.accepted() === 1) return
        socket.write(`EN O${opaque}\r\n`)
      })
      const cache = client({ servers: server.address, timeout: 300 })
      const get = (): Promise<unknown> =>
        cache.get('k', signals ? { signal: AbortSignal.timeout(100) } : undefined)
      expect(await get()).toBeUndefined()
      silent = true
      await expect(get()).rejects.toThrow(/./)
      await eventually(async () => {
        expect(await get()).toBeUndefined()
      })
      expect(server.accepted()).toBe(2)
    },
  )
})

describe('silence', () => {
  it('is judged by the most patient of the calls that are due', async () => {
    const waiting: (() => unknown)[] = []
    const server = await playing((socket, opaque, key) => {
      const answer = (): unknown => socket.write(`EN O${opaque}\r\n`)
      if (key === 'first') answer()
      else waiting.push(answer)
    })
    const cache = client({ servers: server.address, timeout: 50 })
    await eventually(() => cache.get('first'))
    const patient = Array.from({ length: 10 }, () => cache.get('k', { timeout: 60_000 }))
    const hasty = Array.from({ length: 10 }, () => cache.get('k'))
    for (const result of await Promise.allSettled(hasty)) {
      expect(result).toMatchObject({ reason: { code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' } })
    }
    await eventually(() => {
      expect(waiting).toHaveLength(20)
    })
    for (const answer of waiting) answer()
    expect(await Promise.all(patient)).toEqual(Array.from({ length: 10 }, () => undefined))
    expect(server.accepted()).toBe(1)
  })

  it('is broken by replies, not by bytes of a reply that never ends', async () => {
    const server = await playing((socket, opaque) => {
      if (server.accepted() > 1) {
        socket.write(`EN O${opaque}\r\n`)
        return
      }
      socket.write('VA 1000000 s1000000\r\n')
      const drip = setInterval(() => socket.write('x'), 10)
      socket.on('close', () => {
        clearInterval(drip)
      })
    })
    const cache = client({ servers: server.address, timeout: 100 })
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' })
    await eventually(async () => {
      expect(await cache.get('k')).toBeUndefined()
    })
    expect(server.accepted()).toBe(2)
  })
})

describe('calls that are aborted', () => {
  it('leave no place taken: new ones wait, and are answered when the server is back', async () => {
    const held: (() => void)[] = []
    const server = await playing((socket, opaque) => held.push(() => socket.write(`EN O${opaque}\r\n`)))
    const options: Partial<MemcachedClientOptions> = { maxInFlight: 10, maxWaiting: 100 }
    const cache = client({ servers: server.address, ...options })
    const first = cache.get('first')
    await eventually(() => {
      expect(held).toHaveLength(1)
    })
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController()
      const calls = Array.from({ length: 100 }, () => cache.get('k', { signal: controller.signal }))
      controller.abort(new Error('enough'))
      for (const result of await Promise.allSettled(calls)) {
        expect(result).toMatchObject({ reason: { message: 'enough' } })
      }
      await turn()
    }
    const last = cache.get('last')
    await eventually(() => {
      for (const answer of held.splice(0)) answer()
      expect(held).toEqual([])
    })
    const release = setInterval(() => {
      for (const answer of held.splice(0)) answer()
    }, 1)
    expect(await Promise.all([first, last])).toEqual([undefined, undefined])
    clearInterval(release)
  })
})
