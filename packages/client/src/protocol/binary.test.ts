import { describe, expect, it } from 'vitest'
import { binary } from './binary.ts'
import type { Command } from './command.ts'
import { faultOf } from './reply.ts'

function written(command: Command): string {
  const out = Buffer.alloc(binary.bound(command) + 1, 0xff)
  return out.toString('hex', 1, binary.write(command, 7, out, 1))
}

/** A response: opcode, status, then extras and value. */
function response(opcode: number, status: number, extras = '', value = ''): Buffer {
  const head = Buffer.alloc(24)
  const body = Buffer.concat([Buffer.from(extras, 'hex'), Buffer.from(value)])
  head.writeUInt8(0x81, 0)
  head.writeUInt8(opcode, 1)
  head.writeUInt8(extras.length / 2, 4)
  head.writeUInt16BE(status, 6)
  head.writeUInt32BE(body.length, 8)
  head.writeUInt32BE(7, 12)
  return Buffer.concat([head, body])
}

describe('binary commands', () => {
  it('are written as the protocol has them', () => {
    expect(written({ verb: 'get', key: 'Hello' })).toBe(
      '8000000500000000000000050000000700000000000000004' + '8656c6c6f',
    )
    expect(written({ verb: 'delete', key: 'ü' })).toBe('800400020000000000000002000000070000000000000000c3bc')
    expect(
      written({ verb: 'set', key: 'Hello', value: Buffer.from('World'), flags: 0xdeadbeef, exptime: 0x0e10 }),
    ).toBe(
      '80010005080000000000001200000007' + '0000000000000000' + 'deadbeef00000e10' + '48656c6c6f576f726c64',
    )
  })
})

describe('binary replies', () => {
  it.each([
    [
      'a hit',
      response(0, 0, 'deadbeef', 'World'),
      { status: 'value', flags: 0xdeadbeef, value: Buffer.from('World') },
    ],
    ['an empty hit', response(0, 0, '00000000', ''), { status: 'value', flags: 0, value: Buffer.alloc(0) }],
    ['a miss', response(0, 1, '', 'Not found'), { status: 'not-found', value: undefined }],
    ['a set', response(1, 0), { status: 'done' }],
    ['a lost race', response(1, 2), { status: 'exists' }],
    ['too much', response(1, 3, '', 'Too large.'), { status: 'too-large' }],
    ['not stored', response(1, 5), { status: 'not-stored' }],
    ['another status', response(1, 0x82, '', 'Out of memory'), { status: 'error', message: 'Out of memory' }],
  ])('reads %s, also when cut anywhere', (_, data, reply) => {
    expect(binary.read(data, 0)).toMatchObject({ ...reply, opaque: 7, end: data.length })
    expect(binary.read(Buffer.concat([Buffer.of(9, 9), data]), 2)).toMatchObject({ end: data.length + 2 })
    for (let cut = 0; cut < data.length; cut++) {
      const needed = binary.read(data.subarray(0, cut), 0)
      expect(needed).toBeTypeOf('number')
      expect(needed).toBeGreaterThan(cut)
      expect(needed).toBeLessThanOrEqual(data.length)
    }
  })

  it('names a missing authentication', () => {
    const reply = binary.read(response(0, 0x20, '', 'Auth failure.'), 0)
    expect(typeof reply === 'number' ? undefined : faultOf(reply).code).toBe('ERR_MEMKEEP_AUTH_REQUIRED')
  })

  it('refuses what can be no response', () => {
    const protocolError = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error
    expect(() => binary.read(Buffer.from('ERROR\r\n'), 0)).toThrow(protocolError)
    const endless = response(0, 0)
    endless.writeUInt32BE(0xffffffff, 8)
    expect(() => binary.read(endless, 0)).toThrow(protocolError)
    const contradicting = response(0, 0)
    contradicting.writeUInt16BE(300, 2)
    expect(() => binary.read(contradicting, 0)).toThrow(protocolError)
  })
})
