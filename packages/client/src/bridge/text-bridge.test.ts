import { setImmediate as turn } from 'node:timers/promises'
import { MAX_CHUNK_BYTES, type Channel } from '@memkeep/core'
import { encodeBinaryRequest } from '@memkeep/core/internal'
import { startFaultProxy, startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { openBridge, Speaker } from '../../test/bridge/speakers.ts'
import { PlayingChannel } from '../../test/schedules/playing-channel.ts'
import { bridgeText } from './bridge-text.ts'

const PROTOCOL = { name: 'MemkeepError', code: 'ERR_MEMKEEP_PROTOCOL' }

/** What the server is asked, as the binary protocol says it. */
interface Asked {
  readonly opcode: number
  readonly opaque: number
  readonly key: string
  readonly value: string
}

/** Waits for the end, be it by a fault. */
function closing(stream: Channel): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve)
  })
}

/** Writes again and again until the stream takes nothing more, and returns how often it did. */
async function fill(stream: Channel, chunk: Buffer): Promise<number> {
  let written = 0
  for (let idle = 0; idle < 300; idle++) {
    if (!stream.writableNeedDrain) {
      stream.write(chunk)
      written++
      idle = 0
    }
    await turn()
  }
  expect(stream.writableNeedDrain).toBe(true)
  return written
}

/** Cuts a chunk into commands; it must hold whole ones. */
function readChunk(chunk: Buffer): Asked[] {
  const commands: Asked[] = []
  let at = 0
  while (at < chunk.length) {
    expect(chunk[at]).toBe(0x80)
    const extras = chunk.readUInt8(at + 4)
    const keyAt = at + 24 + extras
    const valueAt = keyAt + chunk.readUInt16BE(at + 2)
    const end = at + 24 + chunk.readUInt32BE(at + 8)
    expect(end).toBeLessThanOrEqual(chunk.length)
    commands.push({
      opcode: chunk.readUInt8(at + 1),
      opaque: chunk.readUInt32BE(at + 12),
      key: chunk.toString('latin1', keyAt, valueAt),
      value: chunk.toString('latin1', valueAt, end),
    })
    at = end
  }
  return commands
}

function reply(opcode: number, opaque: number, status = 0, value = ''): Buffer {
  const frame = encodeBinaryRequest({ opcode, opaque, value: Buffer.from(value) })
  frame[0] = 0x81
  frame.writeUInt16BE(status, 6)
  return frame
}

/** A bridge whose server is played: what it was asked, chunk by chunk. */
function play(): {
  bridge: Channel
  channel: PlayingChannel
  chunks: Buffer[]
  asked: () => Asked[]
  said: () => string
} {
  const chunks: Buffer[] = []
  const channel = new PlayingChannel((chunk) => chunks.push(chunk))
  const bridge = bridgeText(channel)
  let said = ''
  bridge.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1')
  })
  return { bridge, channel, chunks, asked: () => chunks.flatMap(readChunk), said: () => said }
}

describe('what reaches the server', () => {
  it('is whole commands: several up to a chunk, or a longer one alone', async () => {
    const { bridge, chunks, asked } = play()
    const sizes = [10, 5_000, 16_384, 100, 40_000, 7_000, 7_000, 7_000, 16_300, 1]
    const said = sizes.map(
      (size, index) => `set k${String(index)} 0 0 ${String(size)}\r\n${'v'.repeat(size)}\r\n`,
    )
    const bytes = Buffer.from(said.join('').repeat(5))
    for (let at = 0; at < bytes.length; at += 1_000) bridge.write(bytes.subarray(at, at + 1_000))
    while (asked().length < 50) await turn()
    for (const chunk of chunks) {
      expect(chunk.length <= MAX_CHUNK_BYTES || readChunk(chunk).length === 1).toBe(true)
    }
    expect(asked().map(({ value }) => value.length)).toEqual(Array.from({ length: 5 }, () => sizes).flat())
    expect(chunks.length).toBeLessThan(40)
  })

  it('of one turn is written together', async () => {
    const { bridge, chunks, asked } = play()
    for (let index = 0; index < 100; index++) bridge.write(`get k${String(index)}\r\n`)
    await turn()
    expect(asked()).toHaveLength(100)
    expect(chunks).toHaveLength(1)
  })

  it('is answered only when the client has done writing', async () => {
    const { bridge, said } = play()
    bridge.write('nonsense\r\n')
    bridge.write('\n'.repeat(10_000))
    expect(said()).toBe('')
    await turn()
    expect(said()).toBe('ERROR\r\n'.repeat(10_001))
  })

  it('is nothing while a value is not whole, or is not ended as it should be', async () => {
    const { bridge, chunks, said } = play()
    bridge.write('set a 0 0 3\r\nab')
    await turn()
    bridge.write('cde\r\n')
    await turn()
    expect(chunks).toEqual([])
    expect(said()).toBe('CLIENT_ERROR bad data chunk\r\nERROR\r\n')
  })

  it('is a delete for a value that no server can hold, which is thrown away', async () => {
    const { bridge, channel, asked, said } = play()
    bridge.write('set a 0 0 1073741824\r\n')
    for (let mib = 0; mib < 1024; mib++) bridge.write(Buffer.alloc(1024 ** 2, 'flush_all\r\n'))
    bridge.write('\r\nadd b 0 0 2147483645 noreply\r\n')
    await turn()
    expect(asked()).toMatchObject([{ opcode: 0x04, key: 'a' }])
    channel.push(reply(0x04, asked()[0]?.opaque ?? 0, 1))
    await turn()
    expect(said()).toBe('SERVER_ERROR object too large for cache\r\n')
  })

  it('has the bytes of a key and a value as they are', async () => {
    const { bridge, asked } = play()
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const key = Buffer.from(all.filter((byte) => byte !== 0 && byte !== 0x0a && byte !== 0x20))
    for (const part of [key.subarray(0, 127), key.subarray(127)]) {
      bridge.write(
        Buffer.concat([Buffer.from('set '), part, Buffer.from(' 0 0 256\r\n'), all, Buffer.from('\r\n')]),
      )
    }
    await turn()
    expect(asked().map((each) => each.key)).toEqual([
      key.toString('latin1', 0, 127),
      key.toString('latin1', 127),
    ])
    expect(asked().map((each) => each.value)).toEqual([all.toString('latin1'), all.toString('latin1')])
  })
})

describe('a server that does not keep to the protocol', () => {
  it.each<[string, (opaque: number) => Buffer]>([
    ['another token', (opaque) => reply(0x00, opaque + 1, 1)],
    ['the token of a later command', (opaque) => reply(0x04, opaque + 1)],
    ['text', () => Buffer.from('VALUE a 0 1\r\nx\r\nEND\r\n')],
    ['a request', () => encodeBinaryRequest({ opcode: 0 })],
    ['a reply that cannot be one', (opaque) => reply(0x01, opaque, 5)],
    ['a reply too many', (opaque) => Buffer.concat([0, 1, 1].map((more) => reply(0x01, opaque + more, 1)))],
  ])('is left: %s', async (_, answer) => {
    const { bridge, channel, asked, said } = play()
    bridge.write('get a\r\ndelete a\r\n')
    await turn()
    const closed = closing(bridge)
    channel.push(answer(asked()[0]?.opaque ?? 0))
    await closed
    expect(bridge.errored).toMatchObject(PROTOCOL)
    expect(channel.destroyed).toBe(true)
    expect(said()).not.toContain('DELETED')
  })

  it('cannot make lines of its own', async () => {
    const { bridge, channel, asked, said } = play()
    bridge.write('version\r\nset a 0 0 1\r\nx\r\n')
    await turn()
    const [version, set] = asked()
    channel.push(reply(0x0b, version?.opaque ?? 0, 0, '1\r\nSTORED\r\n'))
    channel.push(reply(0x01, set?.opaque ?? 0, 0x84, 'no\r\nSTORED'))
    await turn()
    expect(said()).toBe('VERSION 1??STORED??\r\nSERVER_ERROR no??STORED\r\n')
  })

  it('that has no memory is told of as a text server tells', async () => {
    const { bridge, channel, asked, said } = play()
    bridge.write('set a 0 0 1\r\nx\r\nincr a 1\r\nget a b\r\nget a\r\n')
    await turn()
    for (const { opcode, opaque } of asked()) channel.push(reply(opcode, opaque, 0x82, 'Out of memory'))
    await turn()
    expect(said()).toBe(
      'SERVER_ERROR out of memory storing object\r\nSERVER_ERROR out of memory\r\n' +
        'SERVER_ERROR out of memory writing get response\r\n'.repeat(2),
    )
  })
})

describe('the bridge and its channel', () => {
  it('end: what was asked is answered first', async () => {
    await using server = await startMemcached('sasl')
    const bridge = await openBridge(server)
    let said = ''
    bridge.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
    const count = 5_000
    for (let index = 0; index < count; index++) bridge.write(`set e${String(index)} 0 0 1\r\nx\r\n`)
    bridge.end('set unfinished 0 0 10\r\nabc')
    await closing(bridge)
    expect(said).toBe('STORED\r\n'.repeat(count))
    expect(bridge.errored).toBeNull()
  })

  it('are destroyed together', async () => {
    const { bridge, channel } = play()
    bridge.destroy()
    await closing(channel)
    const other = play()
    other.channel.destroy(new Error('lost'))
    await closing(other.bridge)
    expect(other.bridge.errored).toMatchObject({ message: 'lost' })
    const third = play()
    third.channel.destroy()
    await closing(third.bridge)
    expect(third.bridge.errored).toBeNull()
  })

  it('are destroyed where the channel is gone from the start', async () => {
    const channel = new PlayingChannel(() => undefined)
    channel.destroy(new Error('lost'))
    const bridge = bridgeText(channel)
    await closing(bridge)
    expect(bridge.errored).toMatchObject({ message: 'lost' })
  })

  it('end when the server does, after what it still said', async () => {
    const { bridge, channel, asked, said } = play()
    bridge.write('delete a\r\nget a\r\n')
    await turn()
    channel.push(reply(0x04, asked()[0]?.opaque ?? 0))
    channel.push(null)
    await closing(bridge)
    expect(said()).toBe('DELETED\r\n')
    expect(bridge.errored).toBeNull()
    expect(channel.destroyed).toBe(true)
  })

  it('end where a killed server ends', async () => {
    await using server = await startMemcached('sasl')
    const bridge = await openBridge(server)
    const closed = closing(bridge)
    bridge.resume()
    await server.stop()
    await closed
    expect(bridge.destroyed).toBe(true)
  })

  it('answer a quit when all before it is answered, and take nothing more', async () => {
    const { bridge, channel, asked, said } = play()
    bridge.write('set a 0 0 1 noreply\r\nx\r\nquit\r\ndelete a\r\n')
    bridge.write('delete b\r\n')
    await turn()
    expect(asked()).toHaveLength(1)
    expect(bridge.readableEnded).toBe(false)
    channel.push(reply(0x01, asked()[0]?.opaque ?? 0))
    await closing(bridge)
    expect([said(), asked().length, channel.writableFinished]).toEqual(['', 1, true])
  })

  it('have what clients expect of a socket, where the channel has it', async () => {
    await using server = await startMemcached('plain')
    const bridge = (await openBridge(server)) as Channel & {
      setKeepAlive(enable: boolean, delay: number): unknown
      setNoDelay(on: boolean): unknown
      ref(): unknown
      unref(): unknown
    }
    expect(bridge.remoteAddress).toBe('127.0.0.1')
    expect(bridge.setKeepAlive(true, 1_000)).toBe(bridge)
    expect(bridge.setNoDelay(true)).toBe(bridge)
    expect(bridge.unref()).toBe(bridge)
    expect(bridge.ref()).toBe(bridge)
    bridge.destroy()
    const { bridge: played } = play()
    expect((played as typeof bridge).setNoDelay(true)).toBe(played)
    played.destroy()
  })
})

describe('neither side is run over', () => {
  it('a client that does not read stops being read', async () => {
    await using server = await startMemcached('sasl')
    const bridge = await openBridge(server)
    const key = 'k'.repeat(250)
    const value = 'v'.repeat(2_000)
    const stored = 'STORED\r\n'
    const hit = `VALUE ${key} 0 2000\r\n${value}\r\nEND\r\n`
    bridge.write(`set ${key} 0 0 2000\r\n${value}\r\n`)
    const asked = await fill(bridge, Buffer.from(`get ${key}\r\n`.repeat(100)))
    expect(bridge.readableLength).toBeLessThan(1_000_000)
    const expected = stored.length + asked * 100 * hit.length
    let heard = 0
    for await (const chunk of bridge as AsyncIterable<Buffer>) {
      heard += chunk.length
      if (heard >= expected) break
    }
    expect(heard).toBe(expected)
  })

  it('errors that nobody reads are not gathered without end', async () => {
    const channel = new PlayingChannel(() => undefined)
    const bridge = bridgeText(channel)
    bridge.write(Buffer.alloc(1_000_000, '\n'))
    bridge.write(Buffer.alloc(1_000_000, '\n'))
    await turn()
    expect(bridge.readableLength).toBeLessThan(200_000)
    let heard = 0
    bridge.on('data', (chunk: Buffer) => (heard += chunk.length))
    while (heard < 14_000_000) await turn()
    expect(heard).toBe(14_000_000)
  })

  it('a server that does not read stops the client', async () => {
    await using server = await startMemcached('plain')
    await using proxy = await startFaultProxy(server)
    const bridge = await openBridge({ ...server, address: proxy.address })
    let heard = 0
    bridge.on('data', (chunk: Buffer) => (heard += chunk.length))
    proxy.setMode('freeze')
    const store = Buffer.from(`set k 0 0 100000\r\n${'x'.repeat(100_000)}\r\n`)
    const written = await fill(bridge, store)
    expect(heard).toBe(0)
    expect(bridge.writableLength).toBeLessThan(2 * store.length)
    proxy.setMode('pass')
    while (heard < written * 'STORED\r\n'.length) await turn()
    expect(heard).toBe(written * 'STORED\r\n'.length)
    bridge.destroy()
  })
})

it('a conversation survives being cut into single bytes on both sides', async () => {
  const { bridge, channel, asked, said } = play()
  const text =
    'set a 5 0 3\r\nabc\r\nget a b\r\nincr n 2\r\ntouch a 0 noreply\r\nstats\r\nnonsense\r\nversion\r\n'
  for (const byte of Buffer.from(text)) bridge.write(Buffer.of(byte))
  await turn()
  const tokens = asked().map(({ opaque }) => opaque)
  const [set = 0, getA = 0, getB = 0, count = 0, touch = 0, stats = 0, after = 0, version = 0] = tokens
  const hit = reply(0x00, getA, 0, '\0\0\0\x05abc')
  hit[4] = 4
  const stat = reply(0x10, stats, 0, 'pid7')
  stat[3] = 3
  const replies = [
    ...[reply(0x01, set), hit, reply(0x00, getB, 1), reply(0x05, count, 0, '\0\0\0\0\0\0\0\x09')],
    ...[
      reply(0x1c, touch),
      stat,
      reply(0x10, stats),
      reply(0x0b, after, 0, 'x'),
      reply(0x0b, version, 0, '1.6'),
    ],
  ]
  for (const byte of Buffer.concat(replies)) channel.push(Buffer.of(byte))
  await turn()
  expect(said()).toBe(
    'STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n9\r\nSTAT pid 7\r\nEND\r\nERROR\r\nVERSION 1.6\r\n',
  )
  bridge.destroy()
})

it('large values cross it as they are', async () => {
  await using server = await startMemcached('sasl', { args: ['-I', '64m', '-m', '256'] })
  using speaker = new Speaker(await openBridge(server))
  const value = 'large value '.repeat(2_000_000)
  const length = String(value.length)
  expect(await speaker.ask(`set large 0 0 ${length}\r\n${value}\r\n`)).toBe('STORED\r\n')
  expect((await speaker.ask('get large\r\n')) === `VALUE large 0 ${length}\r\n${value}\r\nEND\r\n`).toBe(true)
})
