import { findServerFeatures, startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { openCeiling } from './ceiling.ts'
import { Unavailable } from './contestants/contestant.ts'

const { metaCommands } = await findServerFeatures()

describe.each(['plain', 'tls'] as const)('the ceiling, %s', (posture) => {
  it('needs the meta commands of memcached 1.6.10', async () => {
    await using server = await startMemcached(posture)
    const opened = openCeiling({ ...server, ca: server.clientTls.ca })
    if (metaCommands) await (await opened).close()
    else await expect(opened).rejects.toThrow(Unavailable)
  })

  it.each(metaCommands ? [0, 10, 100, 10_000, 100_000] : [])(
    'gets what it set, %i bytes, many at once',
    async (size) => {
      await using server = await startMemcached(posture)
      const ceiling = await openCeiling({ ...server, ca: server.clientTls.ca })
      const keys = Array.from({ length: 50 }, (_, index) => `k${String(index)}`)
      const values = keys.map((_, index) => Buffer.alloc(size, String.fromCharCode(33 + index)))
      const stored = await Promise.all(
        keys.map((key, index) => ceiling.set(key, values[index] ?? Buffer.alloc(0))),
      )
      expect(stored).toEqual(keys.map(() => true))
      const got = await Promise.all(keys.map((key) => ceiling.get(key)))
      const gotMany = await ceiling.getMany(keys)
      for (const [index, value] of values.entries()) {
        expect(got[index]?.equals(value)).toBe(true)
        expect(gotMany[index]?.equals(value)).toBe(true)
      }
      await ceiling.close()
    },
  )

  it.each(metaCommands ? ['among others and alone'] : [])('gets nothing where nothing is, %s', async () => {
    await using server = await startMemcached(posture)
    const ceiling = await openCeiling({ ...server, ca: server.clientTls.ca })
    expect(await ceiling.get('none')).toBeUndefined()
    await ceiling.set('some', 'värde')
    expect(await ceiling.getMany(['none', 'some', 'none'])).toEqual([
      undefined,
      Buffer.from('värde'),
      undefined,
    ])
    await ceiling.close()
  })
})
