import { setImmediate as turn } from 'node:timers/promises'
import { MAX_CHUNK_BYTES } from '@memkeep/core'
import { encodeBinaryRequest } from '@memkeep/core/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closing, play, readChunk, reply } from '../../test/bridge/played-bridge.ts'
import { lyingCommand } from '../../test/bridge/text-commands.ts'

const PROTOCOL = { name: 'MemkeepError', code: 'ERR_MEMKEEP_PROTOCOL' }

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

  it('is nothing but well-formed commands, whatever the client writes', async () => {
    const shred = fc.constantFrom(
      ...[
        'get ',
        'set a 0 0 5',
        'noreply',
        ' ',
        '\r',
        '\n',
        '\r\n',
        '\0',
        '\x80',
        '\x80\x01',
        'a',
        '1',
        '-1',
      ],
      ...[
        'incr ',
        'cas ',
        'stats ',
        'detail on',
        'touch ',
        'gat ',
        'flush_all',
        'delete ',
        'ms a 3',
        'version',
      ],
    )
    const garbage = fc.array(
      fc.oneof(shred, lyingCommand, fc.string({ unit: 'binary-ascii', maxLength: 9 })),
      {
        maxLength: 40,
      },
    )
    const opcodes = new Set([
      0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x0b, 0x0e, 0x0f, 0x10, 0x1c, 0x1d,
    ])
    const keyless = new Set([0x08, 0x0b, 0x10])
    await fc.assert(
      fc.asyncProperty(garbage, fc.integer({ min: 1, max: 100 }), async (parts, length) => {
        const { bridge, asked } = play()
        const bytes = Buffer.from(parts.join(''), 'latin1')
        for (let at = 0; at < bytes.length; at += length) bridge.write(bytes.subarray(at, at + length))
        await turn()
        for (const { opcode, key } of asked()) {
          expect(opcodes).toContain(opcode)
          expect(key.length).toBeLessThanOrEqual(250)
          if (!keyless.has(opcode)) expect(key).toMatch(/^[^ \0\n]+$/)
        }
        expect(bridge.errored).toBeNull()
        bridge.destroy()
      }),
      { numRuns: 1_000 },
    )
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

  it('never throws, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 })), fc.boolean(), async (parts, framed) => {
        const { bridge, channel, asked } = play()
        bridge.write('get a b\r\nstats\r\nincr n 1\r\nset a 0 0 1\r\nx\r\n')
        await turn()
        const tokens = asked()
        parts.forEach((part, index) => {
          const { opcode = 0, opaque = 0 } = tokens[index] ?? {}
          const body = Buffer.from(part).toString('latin1')
          if (!channel.destroyed)
            channel.push(framed ? reply(opcode, opaque, part[0], body) : Buffer.from(part))
        })
        await turn()
        expect(bridge.errored ?? PROTOCOL).toMatchObject(PROTOCOL)
        bridge.destroy()
      }),
      { numRuns: 500 },
    )
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
