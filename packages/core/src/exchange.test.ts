import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { exchange, parseLine } from './exchange.ts'

/** A channel whose other end is played by the test. */
function channel(onWrite: (play: Duplex) => void): Duplex {
  const duplex = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done()
      onWrite(duplex)
    },
  })
  return duplex.on('error', () => undefined)
}

const ask = (onWrite: (play: Duplex) => void, signal = new AbortController().signal): Promise<string> =>
  exchange(channel(onWrite), Buffer.from('version\r\n'), parseLine, { server: 'cache1:11211', signal })
const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

describe('exchange', () => {
  it('takes an answer that comes byte by byte', async () => {
    const answer = ask((play) => {
      for (const byte of Buffer.from('VERSION 1.6.18\r\n')) play.push(Buffer.of(byte))
    })
    await expect(answer).resolves.toBe('VERSION 1.6.18')
  })

  it('leaves the channel as a new one is, without listeners of its own and nothing lost', async () => {
    const quiet = channel((play) => play.push('OK\r\n'))
    await exchange(quiet, Buffer.from('x'), parseLine, {
      server: 'cache1:11211',
      signal: new AbortController().signal,
    })
    expect(quiet.readableFlowing).toBeNull()
    for (const event of ['readable', 'data', 'end', 'close']) expect(quiet.listenerCount(event)).toBe(0)
    expect(quiet.listenerCount('error')).toBe(1)
    quiet.push('more')
    await new Promise(setImmediate)
    // as any client listens to a socket, without telling it to flow
    await expect(once(quiet, 'data')).resolves.toEqual([Buffer.from('more')])
  })

  it('refuses more than was asked', async () => {
    await expect(ask((play) => play.push('OK\r\nMORE'))).rejects.toEqual(code('PROTOCOL'))
  })

  it('refuses an endless answer', async () => {
    const endless = ask((play) => {
      for (let part = 0; part < 9; part++) play.push(Buffer.alloc(8192, 'x'))
    })
    await expect(endless).rejects.toEqual(code('PROTOCOL'))
  })

  it('says that the connection was lost', async () => {
    await expect(ask((play) => play.push(null))).rejects.toEqual(code('CONNECTION_LOST'))
    await expect(ask((play) => play.destroy())).rejects.toEqual(code('CONNECTION_LOST'))
    await expect(ask((play) => play.destroy(new Error('reset')))).rejects.toEqual(code('CONNECTION_LOST'))
  })

  it('gives up with the reason of the signal', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const answer = ask(() => {
      controller.abort(reason)
    }, controller.signal)
    await expect(answer).rejects.toBe(reason)
    await expect(ask(() => undefined, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('passes on what its parser throws', async () => {
    const thrown = new Error('no')
    const quiet = channel((play) => play.push('x'))
    const answer = exchange(
      quiet,
      Buffer.from('x'),
      () => {
        throw thrown
      },
      { server: 'cache1:11211', signal: new AbortController().signal },
    )
    await expect(answer).rejects.toBe(thrown)
  })
})
