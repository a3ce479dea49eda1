import { once } from 'node:events'
import { inspect } from 'node:util'
import { startFaultProxy, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { MemcacheClient, type RetrievalCommandResponse } from 'memcache-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startImpostor } from '../test/servers.ts'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

type Read = RetrievalCommandResponse<string>

let plain: MemcachedServer
const clients: { shutdown(): void }[] = []
const protocolError = { code: 'ERR_MEMKEEP_PROTOCOL' }

beforeAll(async () => {
  plain = await startMemcached('plain')
})

afterEach(() => {
  for (const client of clients.splice(0)) client.shutdown()
})

afterAll(async () => {
  await plain.stop()
})

function make(options: Partial<HardenedMemcacheClientOptions> = {}): HardenedMemcacheClient {
  const client = new HardenedMemcacheClient({ server: plain.address, ...options })
  clients.push(client)
  return client
}

const HOSTILE = [
  'constructor\r\n',
  '__proto__ a\r\n',
  'SELF\r\n',
  'undefined\r\n',
  '-1\r\n',
  'VALUE k 0 nonsense\r\n',
  'VALUE k 0 -1\r\n',
  'VALUE k 0 99999999999\r\n',
  'VALUE k 0\r\n',
  'VALUE k 0 1\r\nxyz\r\n',
]

describe('answers that are none', () => {
  it('end the process under memcache-client', async () => {
    const impostor = await startImpostor('constructor\r\n')
    const original = new MemcacheClient({ server: impostor.address, cmdTimeout: 100 })
    clients.push(original)
    // the runner's own listeners would take it for a failed test
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const uncaught = once(process, 'uncaughtException')
      original.get('k').catch(() => undefined)
      expect(await uncaught).toMatchObject([{ name: 'TypeError' }, 'uncaughtException'])
    } finally {
      for (const listener of others) process.on('uncaughtException', listener)
    }
    await impostor.close()
  })

  it.each(HOSTILE)('are an error of what waits here: %j', async (line) => {
    const impostor = await startImpostor(line)
    const client = make({ server: impostor.address })
    const answers = await Promise.allSettled([client.get('k'), client.set('k', 'x'), client.version()])
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: protocolError })
    await impostor.close()
  })

  it('repeat nothing of what the server said', async () => {
    const impostor = await startImpostor('hunter2 is what was stored\r\n')
    await expect(make({ server: impostor.address }).get('k')).rejects.toMatchObject({
      message: expect.not.stringContaining('hunter2') as string,
    })
    await impostor.close()
  })

  it('are errors that are safe to print', async () => {
    const impostor = await startImpostor('SERVER_ERROR \x1b[2J\x9b31m\u202e out of memory\r\n')
    const client = make({ server: impostor.address })
    const error = await client.get('k').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ message: expect.stringContaining('out of memory') as string })
    expect(inspect(error, { showHidden: true })).not.toMatch(/(?!\n)\p{Cc}|\p{Cf}/u)
    await impostor.close()
  })

  it('are nobody else’s when nobody asked', async () => {
    const [own, foreign] = ['VALUE k 0 3\r\nown\r\nEND\r\n', 'VALUE other 0 3\r\nbad\r\nEND\r\n']
    const impostor = await startImpostor(own + foreign)
    const client = make({ server: impostor.address })
    expect((await client.get<Read>('k')).value).toBe('own')
    // what it says on its next connection begins with what was asked first
    expect(await client.get<Read>('other')).toBeUndefined()
    await impostor.close()
  })

  it('are those of commands that memcache-client does not know, and not taken for the next one’s', async () => {
    const client = make()
    await client.set('k', 'x')
    for (const raw of ['mn', 'stats reset', 'mg k v']) {
      const [unknown, next] = await Promise.allSettled([client.cmd(raw), client.get<Read>('k')])
      expect(unknown).toMatchObject({ status: 'rejected', reason: protocolError })
      expect(next).toMatchObject({ status: 'rejected', reason: protocolError })
      expect((await client.get<Read>('k')).value).toBe('x')
    }
  })
})

describe('answers in pieces', () => {
  it.each(['slow', 'chunks'] as const)('are put together: %s', async (mode) => {
    const proxy = await startFaultProxy(plain)
    proxy.setMode(mode)
    const client = make({ server: proxy.address, cmdTimeout: 30_000 })
    const keys = Array.from({ length: 20 }, (_, index) => `piece${String(index)}`)
    const valueOf = (index: number): string => `\r\nEND\r\n${'v'.repeat(index * 7)}`
    await Promise.all(keys.map((key, index) => client.set(key, valueOf(index))))
    const all = await client.get<Record<string, Read>>(keys)
    expect(Object.values(all).map(({ value }) => value)).toEqual(keys.map((_, index) => valueOf(index)))
    await proxy.close()
  })
})
