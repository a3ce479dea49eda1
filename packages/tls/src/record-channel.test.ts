import { once } from 'node:events'
import { createServer, connect as connectTls, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { MAX_CHUNK_BYTES } from '@memkeep/core'
import { createPki } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { RecordChannel } from './record-channel.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A channel to a TLS server of the test's own, and what that server receives: one chunk for each TLS record. */
async function connected(): Promise<{ channel: RecordChannel; peer: TLSSocket; records: Buffer[] }> {
  const pki = await createPki()
  const server = createServer({ ...pki.server }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const socket = connectTls({ port, host: '127.0.0.1', ca: pki.ca })
  await once(socket, 'secureConnect')
  const [peer] = await accepted
  const records: Buffer[] = []
  peer.on('data', (record: Buffer) => records.push(record)).on('error', () => undefined)
  const channel = new RecordChannel(socket, (cause) => cause ?? new Error('closed'))
  cleanups.push(() => {
    channel.destroy()
    peer.destroy()
    server.close()
  })
  return { channel, peer, records }
}

const finished = (channel: RecordChannel): Promise<void> =>
  new Promise((resolve) => {
    channel.end(resolve)
  })

describe('RecordChannel', () => {
  it('keeps every chunk whole in the records that it sends', async () => {
    const { channel, peer, records } = await connected()
    const sizes = Array.from({ length: 400 }, (_, index) => [100, 777, 5_000, 40_000, 16_384][index % 5] ?? 0)
    for (const size of sizes) channel.write(Buffer.alloc(size, 'x'))
    const ended = once(peer, 'end')
    await finished(channel)
    await ended
    expect(Buffer.concat(records)).toHaveLength(sizes.reduce((sum, size) => sum + size, 0))

    // every chunk either lies within one record, or has its records to itself
    const ends = new Set<number>()
    let at = 0
    for (const record of records) ends.add((at += record.length))
    let start = 0
    for (const size of sizes) {
      const inside = [...ends].filter((end) => end > start && end < start + size)
      if (inside.length > 0) {
        expect(start === 0 || ends.has(start)).toBe(true)
        expect(ends.has(start + size)).toBe(true)
        expect(size).toBeGreaterThan(MAX_CHUNK_BYTES)
      }
      start += size
    }
    // and small ones share records
    const alone = sizes.reduce((sum, size) => sum + Math.ceil(size / MAX_CHUNK_BYTES), 0)
    expect(records.length).toBeLessThan(alone)
  })

  it('holds back a writer when the other end does not read', async () => {
    const { channel, peer } = await connected()
    peer.pause()
    let writes = 0
    while (channel.write(Buffer.alloc(100_000)) && writes < 1000) writes++
    expect(writes).toBeLessThan(1000)
    const drained = once(channel, 'drain')
    peer.resume()
    await drained
  })

  it('holds back the other end when nobody reads', async () => {
    const { channel, peer } = await connected()
    const bytes = 20_000_000
    peer.write(Buffer.alloc(bytes))
    await once(channel, 'readable')
    expect(channel.readableLength).toBeLessThan(200_000)
    let received = 0
    for await (const chunk of channel) {
      received += (chunk as Buffer).length
      if (received === bytes) break
    }
    expect(received).toBe(bytes)
  })

  it('ends when the other end ends, and fails when it breaks', async () => {
    const first = await connected()
    first.peer.end('bye')
    const chunks: Buffer[] = []
    for await (const chunk of first.channel) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toBe('bye')

    const second = await connected()
    const failed = once(second.channel, 'error') as Promise<[Error]>
    second.peer.destroy()
    await expect(failed).resolves.toHaveLength(1)
    expect(second.channel.destroyed).toBe(true)
  })
})
