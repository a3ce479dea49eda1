import type { Socket } from 'node:net'
import { openChannel, parseEndpoint } from '@memkeep/core'
import { startMemcached } from '@memkeep/testkit'
import { MemcacheClient, MemcacheConnection, Status } from 'memcache-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { tls } from './tls.ts'

/** What memcache-client does with a socket that is connected. */
interface Connecting {
  socket: Socket | undefined
  _status: number
  _setupConnection(socket: Socket): void
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe("memcache-client's own connection class, over this channel", () => {
  it('loses none of 10,000 sets of mixed sizes at once', async () => {
    await using server = await startMemcached('mutual-tls')
    using transport = tls(server.clientTls)
    // the one thing that it is told: which socket to use
    vi.spyOn(MemcacheConnection.prototype, 'connect').mockImplementation(async function (
      this: MemcacheConnection,
      address: string,
    ) {
      const signal = AbortSignal.timeout(10_000)
      const channel = await openChannel(parseEndpoint(address), { transport, signal })
      const connecting = this as unknown as Connecting
      connecting.socket = channel as unknown as Socket
      connecting._status = Status.READY
      connecting._setupConnection(connecting.socket)
      return this
    })
    const client = new MemcacheClient({
      server: { server: server.address, maxConnections: 1 },
      cmdTimeout: 20_000,
      noDelay: true,
    })
    await client.set('first', 'one')
    const sizes = [3, 100, 777, 5_000, 16_000, 16_384, 20_000, 1_000, 50, 40_000]
    const valueOf = (index: number): string =>
      String(index)
        .repeat(20_000)
        .slice(0, sizes[index % 10] ?? 1)
    const stored = await Promise.all(
      Array.from({ length: 10_000 }, (_, index) => client.set(`key${String(index % 1000)}`, valueOf(index))),
    )
    expect(stored).toHaveLength(10_000)
    expect(new Set(stored.map(String))).toEqual(new Set(['STORED']))
    const read = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => client.get(`key${String(index)}`)),
    )
    read.forEach((answer, index) => {
      expect((answer as { readonly value: string }).value).toBe(valueOf(9000 + index))
    })
    client.shutdown()
  })
})
