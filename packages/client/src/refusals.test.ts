import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { eventually, findServerFeatures, startFaultServer, startMemcached } from '@memkeep/testkit'
import { sasl } from '@memkeep/sasl'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const { protocols, extstoreStats } = await findServerFeatures()

/** Groups of statistics of which a server has some; 1.6.9 crashes at that of extstore. */
const GROUPS = [
  'nonsense',
  ...(extstoreStats ? ['extstore'] : []),
  'conns',
  'nonsense',
  'nonsense',
  'nonsense',
]

describe.each(protocols)('what a server refuses (%s)', (protocol) => {
  async function client(args: readonly string[]): Promise<MemcachedClient> {
    const server = await startMemcached('plain', { args })
    cleanups.push(() => server.stop())
    const made = new MemcachedClient({ servers: server.address, protocol })
    cleanups.push(() => made.close())
    return made
  }

  it('never stores by a CAS unique of 0, on servers that give every item that one too', async () => {
    for (const args of [['-C'], []]) {
      const cache = await client(args)
      await cache.set('k', 'old')
      if (args.length > 0) expect((await cache.gets('k'))?.cas).toBe(0n)
      expect(await Promise.all([cache.cas('k', 'one', 0n), cache.cas('k', 'two', 0n)])).toEqual([
        'exists',
        'exists',
      ])
      expect(await cache.cas('none', 'new', 0n)).toBe('not-found')
      expect((await cache.get('k'))?.toString()).toBe('old')
      expect(await cache.get('none')).toBeUndefined()
    }
  })

  it('fails a question for statistics that it does not have alone, and keeps the connection', async () => {
    const lost: unknown[] = []
    const onLost = (message: unknown): unknown => lost.push(message)
    subscribe('memkeep:client:disconnect', onLost)
    subscribe('memkeep:client:eject', onLost)
    const cache = await client([])
    await cache.set('k', 'v')
    const stored = Array.from({ length: 20 }, () => cache.set('k', 'v'))
    for (const group of GROUPS) {
      const answer = await cache
        .stats(group)
        .then(String, (error: unknown) => (error as { code: string }).code)
      expect(answer).toMatch(/ERR_MEMKEEP_SERVER_ERROR|Map/)
    }
    expect(new Set(await Promise.all(stored))).toEqual(new Set([true]))
    expect(lost).toEqual([])
    unsubscribe('memkeep:client:disconnect', onLost)
    unsubscribe('memkeep:client:eject', onLost)
  })

  it('sends nothing for a group of statistics that is no string', async () => {
    const cache = await client([])
    await cache.set('k', 'v')
    for (const group of [['settings'], { toString: () => 'x\r\nflush_all' }, 7, null]) {
      await expect(cache.stats(group as never)).rejects.toThrow(TypeError)
    }
    expect((await cache.get('k'))?.toString()).toBe('v')
  })

  it('says the largest item, and that the key and the header count', async () => {
    const cache = await client([])
    await cache.set('k', 'old')
    const nearly = Buffer.alloc(1_048_546)
    const error: unknown = await cache.set('k', nearly).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_MEMKEEP_VALUE_TOO_LARGE' })
    const { message } = error as Error
    expect(message).toContain('The value of 1048546 bytes')
    expect(message).not.toMatch(/1048546 bytes is larger than .*1048576/)
    if (protocol !== 'text')
      expect(message).toMatch(/does not fit into .* 1048576 bytes, .*key and the item's header/)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('has no memory for a value: an error of its own code, and the old value is gone', async () => {
    const cache = await client(['-M', '-m', '2'])
    const value = Buffer.alloc(60_000)
    for (const verb of ['set', 'replace', 'cas'] as const) {
      const key = `k${verb}`
      await cache.set(key, 'old')
      let filled = 0
      const fill = async (): Promise<void> => {
        await cache.set(`fill${verb}${String(filled++)}`, value)
        await fill()
      }
      await expect(fill()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_OUT_OF_MEMORY' })
      const { cas = 0n } = (await cache.gets(key)) ?? {}
      const stored = verb === 'cas' ? cache.cas(key, value, cas) : cache[verb](key, value)
      await expect(stored).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_OUT_OF_MEMORY',
        message: expect.stringMatching(/60000 bytes.*deleted.*-m/) as string,
      })
      expect(await cache.get(key)).toBeUndefined()
    }
  })

  it('forbids flush_all (-F): the same code in every protocol, and not for want of authentication', async () => {
    const cache = await client(['-F'])
    await expect(cache.dangerouslyFlushAll()).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_SERVER_ERROR',
      message: expect.stringContaining('-F') as string,
    })
  })
})

it('an authenticated client is not told to authenticate by a server that forbids flush_all', async () => {
  await using server = await startMemcached('sasl', { args: ['-F'] })
  if (server.credentials === undefined) throw new Error('The server asks for no password')
  await using cache = new MemcachedClient({ servers: server.address, auth: sasl(server.credentials) })
  await expect(cache.dangerouslyFlushAll()).rejects.toMatchObject({
    code: 'ERR_MEMKEEP_SERVER_ERROR',
    message: expect.stringContaining('-F') as string,
  })
})

it('statistics without an end fail that call, and close that connection alone', async () => {
  let accepted = 0
  const server = await startFaultServer((socket) => {
    accepted++
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (text === 'version\r\n') socket.write('VERSION 0\r\n')
      else if (text.endsWith('version\r\n')) socket.write('CLIENT_ERROR invalid mode\r\nVERSION 0\r\n')
      else if (text.startsWith('stats')) {
        const more = (error?: Error | null): void => {
          // a stream whose write failed takes further ones, and fails them, until it is destroyed
          if (!error && !socket.destroyed) socket.write('STAT name value\r\n'.repeat(5_000), more)
        }
        more()
      } else for (const [, opaque = ''] of text.matchAll(/ O(\d+)\r\n/g)) socket.write(`EN O${opaque}\r\n`)
    })
  })
  cleanups.push(() => server.close())
  await using cache = new MemcachedClient({ servers: server.address, timeout: 25_000, closeTimeout: 100 })
  await expect(cache.stats()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CONNECTION_LOST' })
  expect(await cache.get('k')).toBeUndefined()
  expect(accepted).toBe(2)
})

it('a value that is too large is deleted before anything is asked that a proxy does not know', async () => {
  const lines: string[] = []
  const server = await startFaultServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n')) {
        if (/^[a-z]/.test(line)) lines.push(line)
        if (line === 'version') socket.write('VERSION 1\r\n')
        else if (line.startsWith('set ')) socket.write('SERVER_ERROR object too large for cache\r\n')
        else if (line.startsWith('delete ')) socket.write('DELETED\r\n')
        else if (line.startsWith('get ')) socket.write('END\r\n')
        // as twemproxy does
        else if (line.startsWith('stats')) socket.destroy()
      }
    })
  })
  cleanups.push(() => server.close())
  await using cache = new MemcachedClient({ servers: server.address, protocol: 'text' })
  const others = [cache.get('a'), cache.set('k', '1'), cache.get('b')]
  await expect(others[1]).rejects.toMatchObject({
    code: 'ERR_MEMKEEP_VALUE_TOO_LARGE',
    message: expect.stringContaining('is deleted') as string,
  })
  expect(await Promise.all([others[0], others[2]])).toEqual([undefined, undefined])
  await eventually(() => {
    expect(lines).toContain('delete k')
  })
  expect(lines.filter((line) => line.startsWith('stats'))).toEqual([])
})

it('a server that does not know gat is asked to touch, then to get', async () => {
  const lines: string[] = []
  const stored = new Set(['k'])
  const server = await startFaultServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n').slice(0, -1)) {
        const [verb = '', key = ''] = line.split(' ')
        lines.push(line)
        if (verb === 'touch') socket.write(stored.has(key) ? 'TOUCHED\r\n' : 'NOT_FOUND\r\n')
        else if (verb === 'get')
          socket.write(stored.has(key) ? `VALUE ${key} 0 5\r\nvalue\r\nEND\r\n` : 'END\r\n')
        else socket.write('ERROR\r\n')
      }
    })
  })
  cleanups.push(() => server.close())
  const cache = new MemcachedClient({ servers: server.address, protocol: 'text' })
  const found = Promise.all([
    cache.getAndTouch('k', { ttl: 9 }),
    cache.getAndTouch('none', { ttl: 9 }),
    cache.get('k'),
  ])
  // which waits for every step
  await eventually(() => {
    expect(lines).toContain('touch k 9')
  })
  await cache.close()
  expect((await found).map(String)).toEqual(['value', 'undefined', 'value'])
  expect(lines.slice(1)).toEqual([
    ...['gat 9 k', 'gat 9 none', 'get k'],
    ...['touch k 9', 'touch none 9', 'get k'],
  ])
})

it('and has for both what was left of the call', async () => {
  const server = await startFaultServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      const [verb] = text.split(' ')
      if (verb === 'touch') setTimeout(() => socket.write('TOUCHED\r\n'), 300)
      else if (text !== 'get k\r\n') socket.write(verb === 'get' ? 'END\r\n' : 'ERROR\r\n')
    })
  })
  cleanups.push(() => server.close())
  await using cache = new MemcachedClient({ servers: server.address, protocol: 'text', closeTimeout: 100 })
  const error: unknown = await cache
    .getAndTouch('k', { ttl: 9, timeout: 3_000 })
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_MEMKEEP_COMMAND_TIMEOUT' })
  const [, left] = /within ([\d.]+) ms/.exec((error as Error).message) ?? []
  // of which the touch took 300
  expect(Number(left)).toBeLessThan(2_710)
})
