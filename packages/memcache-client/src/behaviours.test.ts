import { randomBytes } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { startMemcached, partsOf, POSTURES, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import type { CompressorLibrary, RetrievalCommandResponse } from 'memcache-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fails } from '../test/fails.ts'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'
import type { HardenedMemcacheClientOptions } from './options.ts'

const compressor: CompressorLibrary = {
  compressSync: (payload) => deflateSync(payload?.input as Buffer),
  decompressSync: ({ input }) => inflateSync(input as Buffer),
}
const poem = '为推动创造一个自由百科全书\r\nEND\r\nVALUE x 1 2 3\r\n'.repeat(20)

let client: HardenedMemcacheClient
let server: MemcachedServer
const DAY = 86_400
let count = 0
const newKey = (): string => `键${String(++count)}`

function layersOf({ clientTls, credentials }: MemcachedServer, posture: (typeof POSTURES)[number]): object {
  const { tls: overTls, auth } = partsOf(posture)
  return {
    ...(overTls && { transport: tls(clientTls) }),
    ...(auth !== 'none' &&
      credentials && { auth: auth === 'sasl' ? sasl(credentials) : asciiAuth(credentials) }),
  }
}

describe.each(POSTURES)('on %s', (posture) => {
  beforeAll(async () => {
    server = await startMemcached(posture)
  })

  afterAll(async () => {
    await server.stop()
  })

  describe.each([
    ['as they are', () => ({})],
    [
      'sealed',
      () => ({
        middleware: [encryption({ keyring: Keyring.generate() })],
        dangerouslyAllowRawCommands: true,
      }),
    ],
  ])('with values %s', (kind, more: () => Partial<HardenedMemcacheClientOptions>) => {
    beforeAll(() => {
      client = new HardenedMemcacheClient({
        server: { server: server.address, maxConnections: 2 },
        compressor,
        cmdTimeout: 20_000,
        noDelay: true,
        ...layersOf(server, posture),
        ...more(),
      })
    })

    afterAll(() => {
      client.shutdown()
    })

    it('answers callbacks', async () => {
      const key = newKey()
      const stored = await new Promise((resolve) => {
        void client.set(key, 'bar', (error, data) => {
          resolve([error, data])
        })
      })
      expect(stored).toEqual([null, ['STORED']])
      const found = await new Promise((resolve) => {
        void client.get<RetrievalCommandResponse<string>>(key, (error, data) => {
          resolve([error, data?.value])
        })
      })
      expect(found).toEqual([null, 'bar'])
      const refused = await new Promise((resolve) => {
        client
          .add(key, 'bar', {}, (error) => {
            resolve(error?.message)
          })
          .catch(() => undefined)
      })
      expect(refused).toBe('NOT_STORED')
    })

    it('takes bytes as any Uint8Array, and refuses other views', async () => {
      const key = newKey()
      const bytes = new Uint8Array([9, 0, 255, 9]).subarray(1, 3)
      const read = async (): Promise<unknown> =>
        (await client.get<RetrievalCommandResponse<Buffer>>(key)).value
      await client.set(key, bytes)
      expect(await read()).toEqual(Buffer.of(0, 255))
      await client.replace(key, bytes, { compress: true })
      expect(await read()).toEqual(Buffer.of(0, 255))
      for (const wrong of [new Float64Array(1), new ArrayBuffer(1)]) {
        expect(await fails(client.set(key, wrong as never))).toMatch(/a Uint8Array .*pass new Uint8Array/)
      }
      for (const wrong of [undefined, true, 1n]) {
        expect(await fails(client.set(key, wrong as never))).toContain(`not ${String(wrong)}`)
      }
      expect(await read()).toEqual(Buffer.of(0, 255))
    })

    it('keeps what is stored for more than 30 days, in seconds from now or as a Unix time', async () => {
      const key = newKey()
      const unixTime = Math.floor(Date.now() / 1000) + 31 * DAY
      for (const lifetime of [31 * DAY, 365 * DAY, unixTime]) {
        expect(await client.set(key, 'kept', { lifetime })).toEqual(['STORED'])
        expect(await client.get(key)).toMatchObject({ value: 'kept' })
        expect(await client.touch(key, lifetime)).toEqual(['TOUCHED'])
        expect(await client.get(key)).toMatchObject({ value: 'kept' })
      }
      for (const lifetime of [0.5, NaN, Infinity, Date.now(), 50 * 365 * DAY]) {
        await expect(client.set(key, 'x', { lifetime })).rejects.toThrow(RangeError)
        await expect(client.touch(key, lifetime)).rejects.toThrow(RangeError)
      }
      expect(await client.get(key)).toMatchObject({ value: 'kept' })
    })

    it('stores and reads every type, compressed or not, one and many', async () => {
      const values = {
        text: poem,
        json: { 天: [poem] },
        number: 12345,
        bytes: randomBytes(1_500),
        empty: '',
        short: 'x',
      }
      const names = Object.keys(values)
      for (const compress of [false, true]) {
        const keys = names.map(() => newKey())
        await Promise.all(
          Object.values(values).map((value, at) => client.set(keys[at] ?? '', value, { compress })),
        )
        const each = await Promise.all(keys.map((key) => client.get<RetrievalCommandResponse<unknown>>(key)))
        expect(each.map(({ value }) => value)).toEqual(Object.values(values))
        const all: Record<string, RetrievalCommandResponse<unknown>> = await client.get([...keys, 'absent'])
        expect(Object.keys(all)).toEqual(keys)
        expect(keys.map((key) => all[key]?.value)).toEqual(Object.values(values))
        expect(keys.map((key) => all[key]?.tokens[1])).toEqual(keys)
      }
    })

    it('adds, replaces and checks', async () => {
      const key = newKey()
      expect(await fails(client.replace(key, 'x'))).toBe('NOT_STORED')
      expect(await client.add(key, poem)).toEqual(['STORED'])
      expect(await fails(client.add(key, poem))).toBe('NOT_STORED')
      expect(await client.replace(key, 'two', { compress: true })).toEqual(['STORED'])
      const { casUniq, value } = await client.gets<{ casUniq: string; value: string; tokens: string[] }>(key)
      expect(value).toBe('two')
      expect(await client.cas(key, 'three', { casUniq })).toEqual(['STORED'])
      expect(await fails(client.cas(key, 'four', { casUniq }))).toBe('EXISTS')
    })

    it('takes NOT_STORED for an answer when told', async () => {
      const key = newKey()
      await client.set(key, 1)
      expect(await client.add(key, 2, { ignoreNotStored: true })).toBe('ignore NOT_STORED')
    })

    it('deletes, and does not wait when told', async () => {
      const key = newKey()
      expect(await client.set(key, 'x', { noreply: true })).toBeUndefined()
      expect((await client.get<RetrievalCommandResponse<string>>(key)).value).toBe('x')
      expect(await client.delete(key)).toEqual(['DELETED'])
      expect(await fails(client.delete(key))).toBe('NOT_FOUND')
      expect(await client.get(key)).toBeUndefined()
      await client.set(key, 'x')
      expect(await client.delete(key, { noreply: true })).toBeUndefined()
    })

    it('touches', async () => {
      const key = newKey()
      await client.set(key, 'x', { lifetime: 500 })
      expect(await client.touch(key, '600')).toEqual(['TOUCHED'])
      expect(await client.touch(key, -1)).toEqual(['TOUCHED'])
      expect(await client.get(key)).toBeUndefined()
    })

    it('sends text as it is', async () => {
      const stats = await client.cmd<{ STAT: string[][] }>('stats')
      expect(stats.STAT.length).toBeGreaterThan(10)
      expect(await client.version()).toEqual(['VERSION', expect.any(String)])
      const key = newKey()
      await client.set(key, 'x')
      const read = await client.send<Record<string, RetrievalCommandResponse<string>>>(`get ${key}\r\n`)
      expect(read[key]?.value).toBe('x')
      const written = await client.xsend((socket) => {
        socket?.write(`gets ${key}\r\n`)
      })
      expect(written).toMatchObject({ [key]: { value: 'x', casUniq: expect.any(String) as string } })
      expect(await client.cmd(`delete ${key}`, { noreply: true })).toBeUndefined()
    })

    it('gives each of thousands at once its own answer', async () => {
      const keys = Array.from({ length: 2_000 }, newKey)
      const valueOf = (index: number): string => `${String(index)}:`.repeat(1 + ((index * 37) % 400))
      await Promise.all(keys.map((key, index) => client.set(key, valueOf(index))))
      const answers = await Promise.all(
        keys.map((key, index) =>
          client.get<RetrievalCommandResponse<string>>(index % 3 === 0 ? `no${key}` : key),
        ),
      )
      answers.forEach((answer, index) => {
        expect((answer as unknown as { value: string } | undefined)?.value).toBe(
          index % 3 === 0 ? undefined : valueOf(index),
        )
      })
    })

    if (kind === 'sealed') return
    it('appends, prepends and counts', async () => {
      const key = newKey()
      await client.set(key, 'b')
      expect(await client.append(key, 'c')).toEqual(['STORED'])
      expect(await client.prepend(key, 'a')).toEqual(['STORED'])
      expect((await client.get<RetrievalCommandResponse<string>>(key)).value).toBe('abc')
      await client.set(key, '12345')
      expect(await client.incr(key, 5)).toBe('12350')
      expect(await client.decr(key, 12_355)).toBe('0')
      expect(await fails(client.incr(newKey(), 1))).toBe('NOT_FOUND')
    })
  })
})
