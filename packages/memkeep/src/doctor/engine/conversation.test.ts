import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { startFaultServer } from '@memkeep/testkit'
import { describe, expect, test, vi } from 'vitest'
import { StreamConversation } from './conversation.ts'

const BOUNDS = { connect: 2_000, quiet: 100, answer: 400, bytes: 10_000 }
const isLine = (received: Buffer): boolean => received.includes('\n')

/** Talks to a server that misbehaves, and ends the conversation. */
async function talk<T>(
  misbehave: (socket: Socket) => unknown,
  say: (conversation: StreamConversation, socket: Socket) => Promise<T>,
  bounds = BOUNDS,
): Promise<T> {
  await using server = await startFaultServer(misbehave)
  const socket = createConnection(server.port, server.host)
  await once(socket, 'connect')
  const conversation = new StreamConversation(socket, bounds)
  try {
    return await say(conversation, socket)
  } finally {
    conversation.close()
  }
}

/** Answers every chunk with the same. */
const answering =
  (answer: string | Buffer) =>
  (socket: Socket): unknown =>
    socket.on('data', () => socket.write(answer))

describe('an answer', () => {
  test('is whole when it is what was waited for, and so is the next', async () => {
    const ends = await talk(answering('VERSION 1.6.18\r\n'), async (conversation) => [
      await conversation.ask('version\r\n', isLine),
      await conversation.ask('version\r\n', isLine),
    ])
    const whole = { end: 'whole', failure: undefined, received: Buffer.from('VERSION 1.6.18\r\n') }
    expect(ends).toEqual([whole, whole])
  })

  test('in pieces is put together', async () => {
    const drip = (socket: Socket): unknown =>
      socket.on('data', () => {
        const pieces = Array.from('VERSION 1.6.18\r\n')
        const next = (): void => {
          const piece = pieces.shift()
          if (piece !== undefined) socket.write(piece, () => setImmediate(next))
        }
        next()
      })
    const { end, received } = await talk(drip, (conversation) => conversation.ask('version\r\n', isLine))
    expect({ end, received: received.toString() }).toEqual({ end: 'whole', received: 'VERSION 1.6.18\r\n' })
  })

  test('that never comes ends in quiet, after which another may be asked', async () => {
    const second = (socket: Socket): unknown =>
      socket.on('data', (data: Buffer) => data.toString() === 'second' && socket.write('yes\n'))
    const [first, then] = await talk(second, async (conversation) => [
      await conversation.ask('first', isLine),
      await conversation.ask('second', isLine),
    ])
    expect(first.end).toBe('quiet')
    expect(then.end).toBe('whole')
  })

  test('that drips for ever ends with its time', async () => {
    const drip = (socket: Socket): void => {
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => {
        clearInterval(timer)
      })
    }
    const { end, received } = await talk(drip, (conversation) => conversation.ask('version\r\n', isLine))
    expect(end).toBe('quiet')
    expect(received.toString()).toMatch(/^x+$/)
  })

  test('without end is cut off, and nothing more is asked', async () => {
    const [first, then] = await talk(answering(Buffer.alloc(100_000, 'x')), async (conversation) => [
      await conversation.ask('version\r\n', isLine),
      await conversation.ask('version\r\n', isLine),
    ])
    expect(first.end).toBe('too-much')
    expect(then).toEqual({ end: 'too-much', failure: undefined, received: Buffer.alloc(0) })
  })

  test('that breaks off keeps what came', async () => {
    const half = (socket: Socket): unknown => socket.on('data', () => socket.end('VERS'))
    const { end, received } = await talk(half, (conversation) => conversation.ask('version\r\n', isLine))
    expect({ end, received: received.toString() }).toEqual({ end: 'closed', received: 'VERS' })
  })

  test('that is reset fails by name', async () => {
    const reset = (socket: Socket): unknown => socket.on('data', () => socket.resetAndDestroy())
    expect(await talk(reset, (conversation) => conversation.ask('version\r\n', isLine))).toMatchObject({
      end: 'failed',
      failure: 'ECONNRESET',
    })
  })

  test('that a parser refuses fails', async () => {
    const refuse = (): boolean => {
      throw new RangeError('not this')
    }
    expect(
      await talk(answering('x'), (conversation) => conversation.ask('version\r\n', refuse)),
    ).toMatchObject({
      end: 'failed',
      failure: 'not this',
    })
  })
})

test('a server that closed between two questions has ended the conversation', async () => {
  const ended = await talk(
    (socket) => socket.on('data', () => socket.end('one\n')),
    async (conversation, socket) => {
      await conversation.ask('first', isLine)
      socket.resume()
      await once(socket, 'close')
      return await conversation.ask('second', isLine)
    },
  )
  expect(ended).toMatchObject({ end: 'closed' })
})

test('what was said before it was asked counts as the answer, and no more of it is read than fits', async () => {
  let sent = 0
  const banner = (socket: Socket): void => {
    const pour = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536, 'x'))) sent += 65_536
      socket.once('drain', pour)
    }
    pour()
  }
  const { end } = await talk(banner, (conversation) => conversation.ask('version\r\n', isLine))
  expect(end).toBe('too-much')
  expect(sent).toBeLessThan(64 * 1024 * 1024)
})

test('a closed conversation answers that it is', async () => {
  const reply = await talk(answering('x\n'), (conversation) => {
    conversation.close()
    return conversation.ask('version\r\n', isLine)
  })
  expect(reply.end).toBe('closed')
})

test('nothing is left behind', async () => {
  const set = vi.spyOn(globalThis, 'setTimeout')
  const clear = vi.spyOn(globalThis, 'clearTimeout')
  await talk(answering('x\n'), async (conversation, socket) => {
    const listeners = (): readonly number[] => socket.eventNames().map((name) => socket.listenerCount(name))
    const before = listeners()
    await conversation.ask('version\r\n', isLine)
    await conversation.ask('version\r\n', () => false)
    expect(listeners()).toEqual(before)
  })
  const own = set.mock.results.filter((_result, index) =>
    [BOUNDS.quiet, BOUNDS.answer].includes(set.mock.calls[index]?.[1] ?? 0),
  )
  expect(own).toHaveLength(4)
  const cleared = new Set<unknown>(clear.mock.calls.map(([timer]) => timer))
  expect(own.every(({ value }) => cleared.has(value))).toBe(true)
  vi.restoreAllMocks()
})
