import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createServer, type TLSSocket } from 'node:tls'
import { MAX_CHUNK_BYTES, parseEndpoint, type Channel } from '@memkeep/core'
import { createPki, startRelay, type Relay } from '@memkeep/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { recordSizes } from '../test/records.ts'
import { RecordChannel } from './record-channel.ts'
import { tls } from './tls.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

interface Connected {
  readonly channel: RecordChannel
  readonly peer: TLSSocket
  /** What is between them, and keeps every byte. */
  readonly relay: Relay
}

/** A channel to a TLS server of the test's own. */
async function connected(): Promise<Connected> {
  const pki = await createPki()
  const server = createServer({ ...pki.server, allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const relay = await startRelay({ host: '127.0.0.1', port })
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const transport = tls({ ca: pki.ca, watchInterval: 0 })
  const signal = AbortSignal.timeout(10_000)
  const channel: Channel = await transport.connect(parseEndpoint(relay.address), { signal })
  const [peer] = await accepted
  peer.on('error', () => undefined)
  cleanups.push(() => {
    transport.close()
    channel.destroy()
    peer.destroy()
    server.close()
    return relay.close()
  })
  if (!(channel instanceof RecordChannel)) throw new Error('tls connects with another class')
  return { channel, peer, relay }
}

/** Ends a channel; resolves to everything that the other end received. */
async function endAndCollect({ channel, peer }: Connected): Promise<Buffer> {
  const chunks: Buffer[] = []
  channel.end()
  for await (const chunk of peer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Resolves when a stream is closed, for whatever reason. */
const closeOf = (stream: Duplex): Promise<unknown> => new Promise((resolve) => stream.once('close', resolve))

/** Checks the rule: a chunk lies within one record, or, when it is too long for one, has its records to itself. */
function expectWhole(chunks: readonly number[], records: readonly number[]): void {
  const ends = new Set<number>()
  let at = 0
  for (const record of records) ends.add((at += record))
  expect(at).toBe(chunks.reduce((sum, size) => sum + size, 0))
  let start = 0
  for (const size of chunks) {
    const end = start + size
    if ([...ends].some((between) => between > start && between < end)) {
      expect(size).toBeGreaterThan(MAX_CHUNK_BYTES)
      expect(start === 0 || ends.has(start)).toBe(true)
      expect(ends.has(end)).toBe(true)
    }
    start = end
  }
}

describe('the records that a channel sends, read off the wire', () => {
  it('hold whole chunks, small ones together', async () => {
    const all = await connected()
    const sizes = Array.from({ length: 400 }, (_, index) => [100, 777, 5_000, 40_000, 16_384][index % 5] ?? 0)
    for (const size of sizes) all.channel.write(Buffer.alloc(size, 'x'))
    await endAndCollect(all)
    const records = recordSizes(all.relay.sent())
    expectWhole(sizes, records)
    expect(records.length).toBeLessThan(
      sizes.reduce((sum, size) => sum + Math.ceil(size / MAX_CHUNK_BYTES), 0),
    )
  })

  it('hold whole chunks however they are written', async () => {
    const all = await connected()
    const { channel } = all
    const sizes: number[] = []
    const write = (size: number): void => {
      sizes.push(size)
      channel.write(Buffer.alloc(size, sizes.length))
    }
    for (let turn = 0; turn < 200; turn++) {
      const corked = turn % 3 === 0
      if (corked) channel.cork()
      for (let index = 0; index <= turn % 7; index++) write(1 + ((turn * 7919 + index * 104_729) % 30_000))
      if (corked) channel.uncork()
      if (turn % 5 === 0) await new Promise(setImmediate)
    }
    const received = await endAndCollect(all)
    expectWhole(sizes, recordSizes(all.relay.sent()))
    const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index + 1)))
    expect(received.equals(expected)).toBe(true)
  })
})

describe('a channel as a Duplex', () => {
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

  it('writes nothing while it is corked', async () => {
    const { channel, peer, relay } = await connected()
    const before = relay.sent().length
    channel.cork()
    channel.write('version\r\n')
    await new Promise(setImmediate)
    expect(relay.sent().length).toBe(before)
    channel.uncork()
    expect(String((await once(peer, 'data'))[0])).toBe('version\r\n')
  })

  it('calls back in order, each when its chunk is handed over', async () => {
    const all = await connected()
    const order: number[] = []
    for (let index = 0; index < 50; index++) {
      all.channel.write(Buffer.alloc(index * 1000), (error) => {
        expect(error).toBeFalsy()
        order.push(index)
      })
    }
    await endAndCollect(all)
    expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  it('sends everything before its end, and then closes', async () => {
    const all = await connected()
    all.channel.write(Buffer.alloc(300_000))
    all.channel.end('quit\r\n')
    all.channel.resume()
    const chunks: Buffer[] = []
    for await (const chunk of all.peer) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks)).toHaveLength(300_006)
    all.peer.end()
    await finished(all.channel)
    expect(all.channel.destroyed).toBe(true)
  })

  it('refuses to be written to after its end', async () => {
    const { channel } = await connected()
    channel.end()
    const failed = new Promise((resolve) => channel.write('late', resolve))
    await expect(failed).resolves.toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' })
  })

  it('ends when the other end ends', async () => {
    const { channel, peer } = await connected()
    peer.end('bye')
    const chunks: Buffer[] = []
    for await (const chunk of channel) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toBe('bye')
  })

  it('fails when the other end breaks, with what was written and not taken', async () => {
    const { channel, peer } = await connected()
    peer.pause()
    const written = Array.from({ length: 100 }, () => {
      return new Promise<unknown>((resolve) => channel.write(Buffer.alloc(1_000_000), resolve))
    })
    const closed = closeOf(channel)
    peer.destroy()
    await closed
    expect(channel.errored).toMatchObject({ name: 'MemkeepError' })
    const failures = (await Promise.all(written)).filter((error) => error != null)
    expect(failures.length).toBeGreaterThan(50)
    for (const failure of failures) expect(failure).toBe(channel.errored)
    expect(channel.destroyed).toBe(true)
  })

  it('is destroyed with an error or without, and takes the connection with it', async () => {
    for (const reason of [undefined, new Error('enough')]) {
      const { channel, peer } = await connected()
      const errors: unknown[] = []
      channel.on('error', (error) => errors.push(error))
      const gone = new Promise((resolve) => peer.resume().once('end', resolve))
      const closed = closeOf(channel)
      channel.destroy(reason)
      await closed
      expect(errors).toEqual(reason === undefined ? [] : [reason])
      await gone
    }
  })

  it('never throws an error that nobody listens to', async () => {
    const { channel, peer } = await connected()
    const closed = closeOf(channel)
    peer.destroy()
    await closed
    expect(channel.errored).toBeInstanceOf(Error)
  })
})
