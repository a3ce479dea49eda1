import { describe, expect, it } from 'vitest'
import type { Command } from './command.ts'
import { Reply } from './reply.ts'
import { text } from './text.ts'

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error

function written(command: Command): string {
  const out = Buffer.alloc(text.bound(command))
  return out.toString('utf8', 0, text.write(command, 7, out, 0))
}

function read(wire: string): Reply {
  const reply = new Reply()
  expect(text.read(Buffer.from(wire), 0, reply)).toBe(0)
  expect(reply.end).toBe(Buffer.byteLength(wire))
  return reply
}

const store = { value: Buffer.from('abc'), flags: 0, exptime: 0, cas: undefined }
const get = (key: string): Command => ({ verb: 'get', key, withCas: false, exptime: undefined })

describe('classic commands on the wire', () => {
  it.each<[string, Command]>([
    ['get k\r\n', get('k')],
    ['gets k\r\n', { verb: 'get', key: 'k', withCas: true, exptime: undefined }],
    ['gat 60 k\r\n', { verb: 'get', key: 'k', withCas: false, exptime: 60 }],
    ['gats 0 k\r\n', { verb: 'get', key: 'k', withCas: true, exptime: 0 }],
    ['set k 0 0 3\r\nabc\r\n', { ...store, verb: 'set', key: 'k' }],
    [
      'cas k 1 2 3 18446744073709551615\r\nabc\r\n',
      { ...store, verb: 'set', key: 'k', flags: 1, exptime: 2, cas: 2n ** 64n - 1n },
    ],
    ['add k 4294967295 0 3\r\nabc\r\n', { ...store, verb: 'add', key: 'k', flags: 0xffff_ffff }],
    ['replace ключ 0 5 3\r\nabc\r\n', { ...store, verb: 'replace', key: 'ключ', exptime: 5 }],
    ['append k 0 0 3\r\nabc\r\n', { ...store, verb: 'append', key: 'k' }],
    ['prepend k 0 0 3\r\nabc\r\n', { ...store, verb: 'prepend', key: 'k' }],
    ['delete k\r\n', { verb: 'delete', key: 'k' }],
    ['incr k 18446744073709551615\r\n', { verb: 'increment', key: 'k', delta: 2n ** 64n - 1n }],
    ['decr k 1\r\n', { verb: 'decrement', key: 'k', delta: 1n }],
    ['touch k 60\r\n', { verb: 'touch', key: 'k', exptime: 60 }],
    ['flush_all 3\r\n', { verb: 'flush', delay: 3 }],
    ['stats\r\n', { verb: 'stats', group: '' }],
    ['stats items\r\n', { verb: 'stats', group: 'items' }],
    ['version\r\n', { verb: 'version' }],
  ])('%j', (wire, command) => {
    expect(written(command)).toBe(wire)
  })
})

describe('replies to classic commands', () => {
  it.each([
    [
      'VALUE k 5 3\r\nabc\r\nEND\r\n',
      { status: 'value', flags: 5, cas: undefined, value: Buffer.from('abc'), key: Buffer.from('k') },
    ],
    ['VALUE k 0 0 18446744073709551615\r\n\r\nEND\r\n', { cas: 2n ** 64n - 1n, value: Buffer.alloc(0) }],
    // UTF-8 whose bytes are white space elsewhere: U+00A0, U+0085
    ['VALUE à 0 1\r\nx\r\nEND\r\n', { key: Buffer.from('à'), value: Buffer.from('x') }],
    ['VALUE Р\u0445 4294967295 1\r\nx\r\nEND\r\n', { key: Buffer.from('Рх'), flags: 0xffff_ffff }],
    ['VALUE k 0 5\r\nEND\r\n\r\nEND\r\n', { value: Buffer.from('END\r\n') }],
    ['END\r\n', { status: 'end' }],
    ['STORED\r\n', { status: 'done' }],
    ['NOT_STORED\r\n', { status: 'not-stored' }],
    ['EXISTS\r\n', { status: 'exists' }],
    ['NOT_FOUND\r\n', { status: 'not-found' }],
    ['DELETED\r\n', { status: 'done' }],
    ['TOUCHED\r\n', { status: 'done' }],
    ['OK\r\n', { status: 'done' }],
    ['18446744073709551615\r\n', { status: 'value', value: Buffer.from('18446744073709551615') }],
    // a decremented number keeps its length
    ['9  \r\n', { status: 'value', value: Buffer.from('9') }],
    ['STAT a b c\r\n', { status: 'stat', message: 'a b c' }],
    ['VERSION 1.4.5\r\n', { status: 'version', message: '1.4.5' }],
    ['SERVER_ERROR object too large for cache\r\n', { status: 'too-large' }],
    ['ERROR\r\n', { status: 'error' }],
    // what memcached 1.6.45 puts between some refusals and the next reply
    ['\r\nSTORED\r\n', { status: 'done' }],
  ])('%j', (wire, reply) => {
    expect(read(wire)).toMatchObject(reply)
  })

  it.each([
    '\r\n\r\n',
    'WHAT\r\n',
    'STORED\n',
    'HD O7\r\n',
    'VALUE\r\n',
    'VALUE \r\n',
    'VALUE k\r\n',
    'VALUE k 0\r\n',
    'VALUE k x 1\r\nx\r\nEND\r\n',
    'VALUE k -1 1\r\nx\r\nEND\r\n',
    'VALUE k 4294967296 1\r\nx\r\nEND\r\n',
    'VALUE k l 0 1\r\nx\r\nEND\r\n',
    'VALUE k 0 1 x\r\nx\r\nEND\r\n',
    `VALUE k 0 1 ${'9'.repeat(21)}\r\nx\r\nEND\r\n`,
    '12x\r\n',
    '-12\r\n',
    '0x10\r\n',
    '__proto__\r\n',
    'constructor\r\n',
    'toString\r\n',
    'VALUE k 0 -1\r\n',
    'VALUE k 0 1e3\r\n',
    'VALUE k 0 2147483648\r\n',
    `VALUE k 0 ${'9'.repeat(30)}\r\n`,
    'VALUE k 0 1\r\nxyzEND\r\n',
    'VALUE k 0 1\r\nx\r\nVALUE\r\n',
    'CLIENT_ERROR bad data chunk\r\n',
    '123456789012345678901\r\n',
    'x'.repeat(3_000),
  ])('can be no such thing as %j', (wire) => {
    expect(() => text.read(Buffer.from(wire), 0, new Reply())).toThrow(PROTOCOL)
  })
})

describe('a classic reply belongs to a request', () => {
  const set: Command = { ...store, verb: 'set', key: 'k' }
  it.each<[boolean, string, Command]>([
    [true, 'VALUE k 0 1\r\nx\r\nEND\r\n', get('k')],
    [true, 'VALUE ключ 0 1\r\nx\r\nEND\r\n', get('ключ')],
    [false, 'VALUE other 0 1\r\nx\r\nEND\r\n', get('k')],
    [false, 'VALUE K 0 1\r\nx\r\nEND\r\n', get('k')],
    [false, '12\r\n', get('k')],
    [true, 'END\r\n', get('k')],
    [false, 'STORED\r\n', get('k')],
    [true, 'STORED\r\n', set],
    [false, 'END\r\n', set],
    [true, '12\r\n', { verb: 'increment', key: 'k', delta: 1n }],
    [false, 'VALUE k 0 1\r\nx\r\nEND\r\n', { verb: 'increment', key: 'k', delta: 1n }],
    [true, 'ERROR\r\n', get('k')],
  ])('%s: %j', (belongs, wire, command) => {
    expect(text.belongs(read(wire), command, 7)).toBe(belongs)
  })
})
