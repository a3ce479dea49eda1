import type { Socket } from 'node:net'
import { openChannel, parseEndpoint, tcp, type Transport } from '@memkeep/core'
import { sasl } from '@memkeep/sasl'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { MemcacheClient, MemcacheConnection, Status } from 'memcache-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bridgeText } from './bridge-text.ts'

/** What memcache-client does with a socket that is connected. */
interface Connecting {
  socket: Socket | undefined
  _status: number
  _setupConnection(socket: Socket): void
}

/** A value that was read, and its CAS unique. */
interface Found {
  readonly value: string
  readonly casUniq: string
}

afterEach(() => {
  vi.restoreAllMocks()
})

/** memcache-client as it is, but for the one thing that it is told: which socket to use. */
function connectBy({ address, credentials }: MemcachedServer, transport: Transport): MemcacheClient {
  if (credentials === undefined) throw new Error('The server has no credentials')
  vi.spyOn(MemcacheConnection.prototype, 'connect').mockImplementation(async function (
    this: MemcacheConnection,
  ) {
    const signal = AbortSignal.timeout(10_000)
    const auth = sasl(credentials)
    const socket = bridgeText(await openChannel(parseEndpoint(address), { transport, auth, signal }))
    const connecting = this as unknown as Connecting
    connecting.socket = socket as unknown as Socket
    connecting._status = Status.READY
    connecting._setupConnection(connecting.socket)
    return this
  })
  const server = { server: address, maxConnections: 1 }
  return new MemcacheClient({ server, cmdTimeout: 20_000, noDelay: true })
}

describe.each(['sasl', 'tls+sasl'] as const)(
  'memcache-client, which speaks text only, with %s',
  (posture) => {
    const valueOf = (index: number): string => `${String(index)}:`.repeat(1 + ((index * 37) % 400))

    it('does everything that it can', async () => {
      await using server = await startMemcached(posture)
      const client = connectBy(server, posture === 'sasl' ? tcp() : tls(server.clientTls))
      const read = async (key: string): Promise<string | undefined> => {
        const found = (await client.get(key)) as Found | undefined
        return found?.value
      }
      expect(await client.set('a', 'one')).toEqual(['STORED'])
      expect(await read('a')).toBe('one')
      expect(await read('absent')).toBeUndefined()
      await expect(client.add('a', 'two')).rejects.toThrow('NOT_STORED')
      expect(await client.add('b', 'two')).toEqual(['STORED'])
      await expect(client.replace('absent', 'x')).rejects.toThrow('NOT_STORED')
      expect(await client.replace('b', 'three')).toEqual(['STORED'])
      expect(await client.append('b', '>')).toEqual(['STORED'])
      expect(await client.prepend('b', '<')).toEqual(['STORED'])
      expect(await read('b')).toBe('<three>')
      const { casUniq, value } = (await client.gets('b')) as unknown as Found
      expect(value).toBe('<three>')
      expect(await client.cas('b', 'four', { casUniq })).toEqual(['STORED'])
      await expect(client.cas('b', 'five', { casUniq })).rejects.toThrow('EXISTS')
      const both = (await client.get(['a', 'absent', 'b'])) as unknown as Record<string, Found>
      expect(Object.entries(both).map(([key, found]) => [key, found.value])).toEqual([
        ['a', 'one'],
        ['b', 'four'],
      ])
      expect(await client.set('n', '10')).toEqual(['STORED'])
      expect(await client.incr('n', 5)).toBe('15')
      expect(await client.decr('n', 6)).toBe('9')
      await expect(client.incr('absent', 1)).rejects.toThrow('NOT_FOUND')
      await expect(client.incr('a', 1)).rejects.toThrow('CLIENT_ERROR cannot increment')
      expect(await client.touch('a', 60)).toEqual(['TOUCHED'])
      await expect(client.touch('absent', 60)).rejects.toThrow('NOT_FOUND')
      expect(await client.version()).toEqual(['VERSION', expect.any(String)])
      expect(await client.delete('a')).toEqual(['DELETED'])
      await expect(client.delete('a')).rejects.toThrow('NOT_FOUND')
      await client.set('quiet', 'stored', { noreply: true })
      await client.delete('b', { noreply: true })
      expect(await read('quiet')).toBe('stored')
      expect(await read('b')).toBeUndefined()
      await expect(client.set('k'.repeat(251), 'x')).rejects.toThrow('CLIENT_ERROR')
      client.shutdown()
    })

    it('gets its own answer to each of thousands of commands at once', async () => {
      await using server = await startMemcached(posture)
      const client = connectBy(server, posture === 'sasl' ? tcp() : tls(server.clientTls))
      await client.version()
      const count = 5_000
      const all = Array.from({ length: count }, (_, index) => index)
      const stored = await Promise.all(all.map((index) => client.set(`key${String(index)}`, valueOf(index))))
      expect(stored.every((answer) => String(answer) === 'STORED')).toBe(true)
      const answers = await Promise.all(
        all.map((index) =>
          index % 3 === 0 ? client.get(`absent${String(index)}`) : client.get(`key${String(index)}`),
        ),
      )
      answers.forEach((answer, index) => {
        expect((answer as Found | undefined)?.value).toBe(index % 3 === 0 ? undefined : valueOf(index))
      })
      client.shutdown()
    })
  },
)
