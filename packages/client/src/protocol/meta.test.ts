import { describe, expect, it } from 'vitest'
import type { Command } from './command.ts'
import { meta } from './meta.ts'
import { Reply } from './reply.ts'

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error

function written(command: Command, opaque = 7): string {
  const out = Buffer.alloc(meta.bound(command))
  return out.toString('utf8', 0, meta.write(command, opaque, out, 0))
}

function read(text: string): Reply {
  const reply = new Reply()
  expect(meta.read(Buffer.from(text, 'latin1'), 0, reply)).toBe(0)
  expect(reply.end).toBe(text.length)
  return reply
}

const store = { value: Buffer.from('abc'), flags: 0, exptime: 0, cas: undefined }

describe('meta commands on the wire', () => {
  it.each<[string, Command]>([
    ['mg k v f O7\r\n', { verb: 'get', key: 'k', withCas: false, exptime: undefined }],
    ['mg k v f c O7\r\n', { verb: 'get', key: 'k', withCas: true, exptime: undefined }],
    ['mg k v f c t O7\r\n', { verb: 'get', key: 'k', withCas: true, withTtl: true, exptime: undefined }],
    ['mg k v f T60 O7\r\n', { verb: 'get', key: 'k', withCas: false, exptime: 60 }],
    ['mg k v f c T0 O7\r\n', { verb: 'get', key: 'k', withCas: true, exptime: 0 }],
    ['mg ключ v f O7\r\n', { verb: 'get', key: 'ключ', withCas: false, exptime: undefined }],
    ['ms k 3 O7\r\nabc\r\n', { ...store, verb: 'set', key: 'k' }],
    [
      'ms k 3 F4294967295 T2147483647 C18446744073709551615 O7\r\nabc\r\n',
      { ...store, verb: 'set', key: 'k', flags: 0xffff_ffff, exptime: 2 ** 31 - 1, cas: 2n ** 64n - 1n },
    ],
    ['ms k 3 ME O7\r\nabc\r\n', { ...store, verb: 'add', key: 'k' }],
    ['ms k 3 T5 MR O7\r\nabc\r\n', { ...store, verb: 'replace', key: 'k', exptime: 5 }],
    ['ms k 3 MA O7\r\nabc\r\n', { ...store, verb: 'append', key: 'k' }],
    ['ms k 3 MP O7\r\nabc\r\n', { ...store, verb: 'prepend', key: 'k' }],
    ['md k O7\r\n', { verb: 'delete', key: 'k' }],
    ['ma k v D1 O7\r\n', { verb: 'increment', key: 'k', delta: 1n }],
    ['ma k v MD D18446744073709551615 O7\r\n', { verb: 'decrement', key: 'k', delta: 2n ** 64n - 1n }],
    ['mg k T60 O7\r\n', { verb: 'touch', key: 'k', exptime: 60 }],
    ['flush_all 3\r\n', { verb: 'flush', delay: 3 }],
    ['stats\r\n', { verb: 'stats', group: '' }],
    ['stats settings\r\n', { verb: 'stats', group: 'settings' }],
    ['version\r\n', { verb: 'version' }],
  ])('%j', (wire, command) => {
    expect(written(command)).toBe(wire)
  })

  it('carry tokens of 32 bits and empty values', () => {
    expect(written({ verb: 'delete', key: 'k' }, 2 ** 32 - 1)).toBe('md k O4294967295\r\n')
    expect(written({ ...store, verb: 'set', key: 'k', value: Buffer.alloc(0) })).toBe('ms k 0 O7\r\n\r\n')
  })
})

describe('replies to meta commands', () => {
  it('tell how long an item has to live, if they were asked, and of the next one nothing', () => {
    expect(read('VA 1 f0 c1 t60 O7\r\nx\r\n').ttl).toBe(60)
    expect(read('VA 1 f0 c1 t-1 O7\r\nx\r\n').ttl).toBe(Infinity)
    const reply = read('VA 1 t60 O7\r\nx\r\n')
    meta.read(Buffer.from('VA 1 O8\r\nx\r\n'), 0, reply)
    expect(reply.ttl).toBeUndefined()
  })

  it.each([
    ['HD O7\r\n', { status: 'done', opaque: 7 }],
    // memcached before 1.6.18
    ['HD  O7\r\n', { status: 'done', opaque: 7 }],
    ['HD O7 \r\n', { status: 'done', opaque: 7 }],
    ['HD\r\n', { status: 'done', opaque: undefined }],
    ['HD O4294967295\r\n', { status: 'done', opaque: 2 ** 32 - 1 }],
    // flags that were not asked for, in any order
    ['HD kO9 O7 b s12\r\n', { status: 'done', opaque: 7 }],
    ['EN O7\r\n', { status: 'not-found', opaque: 7 }],
    ['EN\r\n', { status: 'not-found', opaque: undefined }],
    ['NF O7\r\n', { status: 'not-found', opaque: 7 }],
    ['NS O7\r\n', { status: 'not-stored', opaque: 7 }],
    ['EX O7\r\n', { status: 'exists', opaque: 7 }],
    ['VA 3 f5 O7\r\nabc\r\n', { status: 'value', opaque: 7, flags: 5, value: Buffer.from('abc') }],
    ['VA 1 O7 c9007199254740993 f4294967295\r\nx\r\n', { flags: 0xffff_ffff, cas: 2n ** 53n + 1n }],
    ['VA 1 f5  O7 \r\nx\r\n', { status: 'value', opaque: 7, flags: 5 }],
    ['VA 0 O7\r\n\r\n', { status: 'value', opaque: 7, flags: 0, value: Buffer.alloc(0) }],
    ['VA 2 f0 c18446744073709551615 O7\r\n\r\n\r\n', { cas: 2n ** 64n - 1n, value: Buffer.from('\r\n') }],
    ['OK\r\n', { status: 'done', opaque: undefined }],
    ['STAT pid 12\r\n', { status: 'stat', message: 'pid 12' }],
    ['END\r\n', { status: 'end' }],
    ['VERSION 1.6.18\r\n', { status: 'version', message: '1.6.18' }],
    ['SERVER_ERROR object too large for cache\r\n', { status: 'too-large' }],
    ['SERVER_ERROR out of memory\r\n', { status: 'error', message: 'SERVER_ERROR out of memory' }],
    ['CLIENT_ERROR unauthenticated\r\n', { status: 'error' }],
    ['ERROR\r\n', { status: 'error', message: 'ERROR' }],
  ])('%j', (wire, reply) => {
    expect(read(wire)).toMatchObject(reply)
  })

  it.each([
    '\r\n',
    'X\r\n',
    'HDX O7\r\n',
    'HD O7\n',
    'STORED\r\n',
    'VALUE k 0 1\r\n',
    'VA\r\n',
    'VA x\r\n',
    'VA 3x O7\r\nabc\r\n',
    'VA 3 O7\r\nabcd\r\n',
    'VA -1 O7\r\n',
    'VA 2147483648 O7\r\n',
    `VA ${'9'.repeat(30)} O7\r\n`,
    'VA 1 cx O7\r\na\r\n',
    `VA 1 c${'9'.repeat(21)} O7\r\na\r\n`,
    'VA 1 fx O7\r\na\r\n',
    'VA 1 f-1 O7\r\na\r\n',
    'VA 1 f4294967296 O7\r\na\r\n',
    'VA 1 O7\na\r\n',
    'VA 1 \n\r\na\r\n',
    'VA 1 O7\rO7\r\na\r\n',
    'VA 3 O7\r\nabc\n\r',
    'VA1 O7\r\na\r\n',
    'va 1 O7\r\na\r\n',
    'CLIENT_ERROR bad data chunk\r\n',
    'x'.repeat(3_000),
  ])('can be no such thing as %j', (wire) => {
    expect(() => meta.read(Buffer.from(wire), 0, new Reply())).toThrow(PROTOCOL)
  })
})

describe('a meta reply that ends in a space', () => {
  it('takes nothing from the line behind it', () => {
    const wire = Buffer.from('HD \r\nHD O7\r\n')
    const reply = new Reply()
    expect(meta.read(wire, 0, reply)).toBe(0)
    expect(reply).toMatchObject({ status: 'done', opaque: NaN, end: 5 })
    expect(meta.read(wire, 5, reply)).toBe(0)
    expect(reply).toMatchObject({ status: 'done', opaque: 7, end: wire.length })
  })
})

describe('a meta reply belongs to a request', () => {
  const get: Command = { verb: 'get', key: 'k', withCas: false, exptime: undefined }
  const set: Command = { ...store, verb: 'set', key: 'k' }
  it.each<[boolean, string, Command]>([
    [true, 'VA 1 O7\r\nx\r\n', get],
    [false, 'VA 1 O8\r\nx\r\n', get],
    [false, 'VA 1\r\nx\r\n', get],
    // no numbers, though arithmetic on their characters would make a 7 of them
    [false, 'VA 1 O/:7\r\nx\r\n', get],
    [false, 'VA 1 O/A\r\nx\r\n', get],
    [true, 'EN\r\n', get],
    [true, 'EN O7\r\n', get],
    [false, 'EN O8\r\n', get],
    // a token that was damaged is none
    [false, 'EN hO7\r\n', get],
    [false, 'HD f7\r\n', set],
    [false, 'HD O7\r\n', get],
    [false, 'END\r\n', get],
    [true, 'HD O7\r\n', set],
    [false, 'HD\r\n', set],
    [false, 'OK\r\n', set],
    [false, 'VA 1 O7\r\nx\r\n', set],
    [true, 'SERVER_ERROR object too large for cache\r\n', set],
    [false, 'SERVER_ERROR object too large for cache\r\n', get],
    [true, 'SERVER_ERROR out of memory\r\n', get],
    [true, 'OK\r\n', { verb: 'flush', delay: 0 }],
    [true, 'END\r\n', { verb: 'stats', group: '' }],
    [false, 'VERSION 1\r\n', { verb: 'stats', group: '' }],
    [true, 'VERSION 1\r\n', { verb: 'version' }],
  ])('%s: %j', (belongs, wire, command) => {
    expect(meta.belongs(read(wire), command, 7)).toBe(belongs)
  })
})
