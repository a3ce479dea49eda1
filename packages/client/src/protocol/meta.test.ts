import { describe, expect, it } from 'vitest'
import type { Command } from './command.ts'
import { meta } from './meta.ts'
import { faultOf } from './reply.ts'

function written(command: Command, opaque = 7): string {
  const out = Buffer.alloc(meta.bound(command))
  return out.toString('utf8', 0, meta.write(command, opaque, out, 0))
}
const read = (text: string): ReturnType<typeof meta.read> => meta.read(Buffer.from(text, 'latin1'), 0)

describe('meta commands', () => {
  it('are written as protocol.txt has them', () => {
    expect(written({ verb: 'get', key: 'k' })).toBe('mg k v f O7\r\n')
    expect(written({ verb: 'delete', key: 'ü' })).toBe('md ü O7\r\n')
    expect(
      written({ verb: 'set', key: 'k', value: Buffer.from('a\r\nb'), flags: 4294967295, exptime: 60 }),
    ).toBe('ms k 4 F4294967295 T60 O7\r\na\r\nb\r\n')
    expect(written({ verb: 'set', key: 'k', value: Buffer.alloc(0), flags: 0, exptime: 0 }, 4294967295)).toBe(
      'ms k 0 F0 T0 O4294967295\r\n\r\n',
    )
  })
})

describe('meta replies', () => {
  it.each([
    ['HD O7\r\n', { status: 'done', opaque: 7 }],
    ['HD  O7\r\n', { status: 'done', opaque: 7 }],
    ['EN\r\n', { status: 'not-found', opaque: undefined }],
    ['EN O7\r\n', { status: 'not-found', opaque: 7 }],
    ['NF O7\r\n', { status: 'not-found', opaque: 7 }],
    ['NS O7\r\n', { status: 'not-stored', opaque: 7 }],
    ['EX O4294967295\r\n', { status: 'exists', opaque: 4294967295 }],
    ['VA 0 f0 O7\r\n\r\n', { status: 'value', opaque: 7, flags: 0, value: Buffer.alloc(0) }],
    [
      'VA 4 f4294967295 O7\r\na\r\nb\r\n',
      { status: 'value', flags: 4294967295, value: Buffer.from('a\r\nb') },
    ],
    ['VA 1 s1 f3 t-1 O7 kuser\r\nx\r\n', { status: 'value', opaque: 7, flags: 3 }],
    ['ERROR\r\n', { status: 'error', message: 'ERROR', opaque: undefined }],
    ['CLIENT_ERROR unauthenticated\r\n', { status: 'error', message: 'CLIENT_ERROR unauthenticated' }],
    ['SERVER_ERROR object too large for cache\r\n', { status: 'too-large' }],
  ])('reads %j', (text, reply) => {
    expect(read(text)).toMatchObject({ ...reply, end: text.length })
    for (let cut = 0; cut < text.length; cut++) {
      const needed = read(text.slice(0, cut))
      expect(needed).toBeTypeOf('number')
      expect(needed).toBeGreaterThan(cut)
      expect(needed).toBeLessThanOrEqual(text.length)
    }
  })

  it.each([
    ['\r\n'],
    ['\n'],
    ['garbage\r\n'],
    ['HD O7\n'],
    ['HDX\r\n'],
    ['HD\r\n'],
    ['NS\r\n'],
    ['VA 1 f0\r\nx\r\n'],
    ['VA\r\nx\r\n'],
    ['VA x f0\r\n'],
    ['VA -1 f0\r\n'],
    ['VA 99999999999999999999 f0\r\n'],
    ['VA 2147483648 f0\r\n'],
    ['VA 1 f0\r\nxyz'],
    ['CLIENT_ERROR bad data chunk\r\n'],
    ['x'.repeat(3000)],
  ])('refuses %j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error)
  })

  it('names the fault of a refusal', () => {
    const fault = (text: string): string => {
      const reply = read(text)
      if (typeof reply === 'number') throw new Error('incomplete')
      return faultOf(reply).code
    }
    expect(fault('CLIENT_ERROR unauthenticated\r\n')).toBe('ERR_MEMKEEP_AUTH_REQUIRED')
    expect(fault('SERVER_ERROR object too large for cache\r\n')).toBe('ERR_MEMKEEP_VALUE_TOO_LARGE')
    expect(fault('SERVER_ERROR out of memory storing object\r\n')).toBe('ERR_MEMKEEP_SERVER_ERROR')
  })
})
