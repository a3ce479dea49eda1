import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { partsOf, POSTURES, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'

/** What a callback was given. */
function called(ask: (callback: (...results: unknown[]) => void) => unknown): Promise<unknown[]> {
  return new Promise((resolve) => {
    ask((...results) => {
      resolve(results)
    })
  })
}

const BINARY = POSTURES.filter((posture) => partsOf(posture).auth !== 'ascii')
const LAYERS = [
  ['as they are', () => ({})],
  ['sealed', () => ({ middleware: [encryption({ keyring: Keyring.generate() })] })],
] as const

let client: HardenedMemjsClient
let server: MemcachedServer
let logged: string[]
const DAY = 86_400
let count = 0
const newKey = (): string => `clé${String(++count)}`
const logger = {
  log: (...parts: unknown[]) => {
    logged.push(parts.join(' '))
  },
}

describe.each(BINARY)('on %s', (posture) => {
  beforeAll(async () => {
    server = await startMemcached(posture)
  })

  afterAll(async () => {
    await server.stop()
  })

  describe.each(LAYERS)('with values %s', (kind, more) => {
    beforeAll(() => {
      logged = []
      const { credentials, clientTls, address } = server
      client = HardenedMemjsClient.create(address, {
        timeout: 20,
        logger,
        ...(partsOf(posture).tls && { transport: tls(clientTls) }),
        ...(credentials && { auth: sasl(credentials) }),
        ...more(),
      })
    })

    afterAll(() => {
      client.close()
    })

    it('takes bytes as any Uint8Array, and refuses other views', async () => {
      const key = newKey()
      const bytes = new Uint8Array([9, 0, 255, 9]).subarray(1, 3)
      await client.set(key, bytes)
      expect((await client.get(key)).value).toEqual(Buffer.of(0, 255))
      await client.replace(key, bytes)
      expect((await client.get(key)).value).toEqual(Buffer.of(0, 255))
      for (const wrong of [new Float64Array(1), new ArrayBuffer(1)]) {
        await expect(client.set(key, wrong as never)).rejects.toThrow(
          /a Uint8Array, not .*pass new Uint8Array/,
        )
      }
      await expect(client.set(key, undefined as never)).rejects.toThrow('not undefined')
    })

    it('keeps what is stored for more than 30 days, in seconds from now or as a Unix time', async () => {
      const key = newKey()
      const kept = async (): Promise<string | undefined> => (await client.get(key)).value?.toString()
      const unixTime = Math.floor(Date.now() / 1000) + 31 * DAY
      for (const expires of [31 * DAY, 365 * DAY, unixTime]) {
        expect(await client.set(key, 'set', { expires })).toBe(true)
        expect(await kept()).toBe('set')
        expect(await client.replace(key, 'replaced', { expires })).toBe(true)
        expect(await kept()).toBe('replaced')
        await client.delete(key)
        expect(await client.add(key, 'added', { expires })).toBe(true)
        expect(await kept()).toBe('added')
        expect(await client.touch(key, expires)).toBe(true)
        expect(await kept()).toBe('added')
      }
    })

    it('refuses an expiry that is none, by promise and by callback', async () => {
      const key = newKey()
      await client.set(key, 'kept')
      for (const expires of [0.5, NaN, -1, Infinity, Date.now(), 50 * 365 * DAY, 'soon' as never]) {
        for (const refused of [
          () => client.set(key, 'x', { expires }),
          () => client.add(key, 'x', { expires }),
          () => client.replace(key, 'x', { expires }),
          () => client.touch(key, expires),
        ]) {
          await expect(refused()).rejects.toThrow(RangeError)
        }
        const [error] = await called((done) => {
          client.set(key, 'x', { expires }, done)
        })
        expect(error).toBeInstanceOf(RangeError)
      }
      expect((await client.get(key)).value?.toString()).toBe('kept')
    })

    it('sets and gets, by promise and by callback', async () => {
      const key = newKey()
      expect(await client.set(key, 'wörld', { expires: 1024 })).toBe(true)
      expect((await client.get(key)).value?.toString()).toBe('wörld')
      expect(await client.set(key, Buffer.from([0, 255, 13, 10]))).toBe(true)
      expect((await client.get(key)).value).toEqual(Buffer.from([0, 255, 13, 10]))
      expect(
        await called((done) => {
          client.set(key, 'x', {}, done)
        }),
      ).toEqual([null, true])
      expect(
        await called((done) => {
          client.set(key, 'y', done)
        }),
      ).toEqual([null, true])
      expect(logged.at(-1)).toContain('deprecated')
      expect(
        await called((done) => {
          client.get(key, done)
        }),
      ).toEqual([null, Buffer.from('y'), expect.any(Buffer)])
    })

    it('misses', async () => {
      expect((await client.get(newKey())).value).toBeNull()
      expect(
        await called((done) => {
          client.get(newKey(), done)
        }),
      ).toEqual([null, null, null])
    })

    it('adds what is not there, and replaces what is', async () => {
      const key = newKey()
      expect(await client.replace(key, 'x', {})).toBe(false)
      expect(await client.add(key, 'x', { expires: 1024 })).toBe(true)
      expect(await client.add(key, 'y')).toBe(false)
      expect(await client.replace(key, 'z', { expires: 1024 })).toBe(true)
      expect((await client.get(key)).value?.toString()).toBe('z')
      expect(
        await called((done) => {
          client.add(key, 'x', done)
        }),
      ).toEqual([null, false])
      expect(
        await called((done) => {
          client.replace(key, 'x', {}, done)
        }),
      ).toEqual([null, true])
    })

    it('deletes', async () => {
      const key = newKey()
      await client.set(key, 'x', {})
      expect(await client.delete(key)).toBe(true)
      expect(await client.delete(key)).toBe(false)
      expect(
        await called((done) => {
          client.delete(key, done)
        }),
      ).toEqual([null, false])
    })

    it('touches', async () => {
      const key = newKey()
      await client.set(key, 'x', {})
      expect(await client.touch(key, 1024)).toBe(true)
      expect(await client.touch(newKey(), 1024)).toBe(false)
      expect(
        await called((done) => {
          client.touch(key, 1024, done)
        }),
      ).toEqual([null, true])
    })

    it('tells statistics', async () => {
      const [error, name, stats] = await called((done) => {
        client.stats(done)
      })
      expect([error, name]).toEqual([null, server.address])
      expect(stats).toHaveProperty('pid')
      expect(
        await called((done) => {
          client.statsWithKey('settings', done)
        }),
      ).toEqual([null, server.address, expect.objectContaining({ maxbytes: expect.any(String) as string })])
    })

    it('gives each of thousands at once its own answer', async () => {
      const keys = Array.from({ length: 2_000 }, newKey)
      const valueOf = (index: number): string => `${String(index)}:`.repeat(1 + ((index * 37) % 400))
      await Promise.all(keys.map((key, index) => client.set(key, valueOf(index), {})))
      const answers = await Promise.all(
        keys.map((key, index) => client.get(index % 3 === 0 ? `no${key}` : key)),
      )
      answers.forEach(({ value }, index) => {
        expect(value?.toString()).toBe(index % 3 === 0 ? undefined : valueOf(index))
      })
    })

    it('goes on when its numbers wrap', async () => {
      const numbered = client as unknown as { seq: number }
      const key = newKey()
      for (const seq of [2 ** 31 - 2, 2 ** 32 - 2, 2 ** 33]) {
        numbered.seq = seq
        for (let turn = 0; turn < 4; turn++) expect(await client.set(key, String(turn), {})).toBe(true)
      }
      expect((await client.get(key)).value?.toString()).toBe('3')
    })

    it('serializes before sealing', async () => {
      const { credentials, clientTls, address } = server
      const json = HardenedMemjsClient.create<unknown, unknown>(address, {
        ...(partsOf(posture).tls && { transport: tls(clientTls) }),
        ...(credentials && { auth: sasl(credentials) }),
        ...more(),
        serializer: {
          serialize: (_, value, extras) => ({ value: JSON.stringify(value), extras }),
          deserialize: (_, value, extras) => ({
            value: value === null ? null : JSON.parse(value.toString()),
            extras,
          }),
        },
      })
      const key = newKey()
      await json.set(key, { deep: [1] }, {})
      expect((await json.get(key)).value).toEqual({ deep: [1] })
      json.close()
    })

    it('flushes', async () => {
      const key = newKey()
      await client.set(key, 'x', {})
      expect(await client.flush()).toEqual({ [server.address]: true })
      expect((await client.get(key)).value).toBeNull()
    })

    if (kind === 'sealed') return

    it('appends and prepends', async () => {
      const key = newKey()
      expect(await client.append(key, 'x')).toBe(false)
      expect(await client.prepend(key, 'x')).toBe(false)
      await client.set(key, 'b', {})
      expect(await client.append(key, 'c')).toBe(true)
      expect(await client.prepend(key, 'a')).toBe(true)
      expect(
        await called((done) => {
          client.prepend(key, '>', done)
        }),
      ).toEqual([null, true])
      expect((await client.get(key)).value?.toString()).toBe('>abc')
    })

    it('counts', async () => {
      const key = newKey()
      expect(await client.increment(key, 5, { initial: 10 })).toEqual({ success: true, value: 10 })
      expect(await client.increment(key, 5, {})).toEqual({ success: true, value: 15 })
      expect(await client.decrement(key, 20)).toEqual({ success: true, value: 0 })
      expect(
        await called((done) => {
          client.increment(key, 1, {}, done)
        }),
      ).toEqual([null, true, 1])
      await client.set(key, 'text', {})
      await expect(client.increment(key, 1)).rejects.toThrow('INCREMENT')
    })
  })
})
