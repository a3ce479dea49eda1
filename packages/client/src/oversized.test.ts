import { findServerFeatures, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const { protocols } = await findServerFeatures()

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('plain')
})
afterAll(() => server.stop())

const TOO_LARGE = expect.objectContaining({
  code: 'ERR_MEMKEEP_VALUE_TOO_LARGE',
  message: expect.stringMatching(/ has a value of 500000 bytes.*1000 bytes \("maxValueBytes"\)/) as string,
}) as Error

describe.each(protocols)('a stored value over maxValueBytes (%s)', (protocol) => {
  it('is refused by every read, and costs no other call its result', async () => {
    await using writer = new MemcachedClient({ servers: server.address, protocol })
    await using client = new MemcachedClient({ servers: server.address, protocol, maxValueBytes: 1_000 })
    await writer.set('large', Buffer.alloc(500_000, '\r\nEND\r\n'))
    await writer.set('small', Buffer.alloc(1_000, 'x'))
    for (const read of [
      () => client.get('large'),
      () => client.gets('large'),
      () => client.getAndTouch('large', { ttl: 60 }),
    ]) {
      const results = await Promise.allSettled([client.get('small'), read(), client.get('small'), read()])
      expect(results).toMatchObject([
        { value: Buffer.alloc(1_000, 'x') },
        { reason: TOO_LARGE },
        { value: Buffer.alloc(1_000, 'x') },
        { reason: TOO_LARGE },
      ])
    }
    expect(await client.cas('large', 'x', 0n)).toBe('exists')
    expect(await client.delete('large')).toBe(true)
  })

  it('is a fault of its key alone among many', async () => {
    await using writer = new MemcachedClient({ servers: server.address, protocol })
    await using client = new MemcachedClient({ servers: server.address, protocol, maxValueBytes: 1_000 })
    await writer.set('large', Buffer.alloc(500_000))
    await writer.set('small', 'x')
    const found = await client.getMany(['small', 'large', 'absent'])
    expect([...found]).toEqual([['small', Buffer.from('x')]])
    expect(found.faults).toEqual([{ server: server.address, keys: ['large'], error: TOO_LARGE }])
  })
})
