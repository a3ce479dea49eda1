import { setImmediate as turn } from 'node:timers/promises'
import type { Channel } from '@memkeep/core'
import { startFaultProxy, startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { closing, play, reply } from '../../test/bridge/played-bridge.ts'
import { openBridge, Speaker } from '../../test/bridge/speakers.ts'
import { PlayingChannel } from '../../test/schedules/playing-channel.ts'
import { bridgeText } from './bridge-text.ts'

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

  it('end: what needs no server is answered too', async () => {
    const { bridge, channel, said } = play()
    bridge.end('nonsense\r\nstats detail\r\nset a 0 0 5\r\nx')
    channel.once('finish', () => channel.push(null))
    await closing(channel)
    expect(said()).toBe('ERROR\r\nCLIENT_ERROR usage: stats detail on|off|dump\r\n')
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

it('large values cross it as they are', async () => {
  await using server = await startMemcached('sasl', { args: ['-I', '64m', '-m', '256'] })
  using speaker = new Speaker(await openBridge(server))
  const value = 'large value '.repeat(2_000_000)
  const length = String(value.length)
  expect(await speaker.ask(`set large 0 0 ${length}\r\n${value}\r\n`)).toBe('STORED\r\n')
  expect((await speaker.ask('get large\r\n')) === `VALUE large 0 ${length}\r\n${value}\r\nEND\r\n`).toBe(true)
})
