import { encodeBinaryRequest } from '@memkeep/core/internal'
import { describe, expect, it } from 'vitest'
import { binary } from './binary.ts'
import type { Command } from './command.ts'
import { AUTH_ERROR, Reply } from './reply.ts'

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error

function written(command: Command): string {
  const out = Buffer.alloc(binary.bound(command), 0xff)
  return out.toString('hex', 0, binary.write(command, 7, out, 0))
}

/** A response (memcached's binary protocol, "Packet Structure"). */
function response(
  opcode: number,
  {
    status = 0,
    extras = '',
    key = '',
    value = '',
    cas = 0n,
  }: {
    readonly status?: number
    readonly extras?: string
    readonly key?: string
    readonly value?: string | Buffer
    readonly cas?: bigint
  } = {},
): Buffer {
  const frame = encodeBinaryRequest({
    opcode,
    opaque: 7,
    extras: Buffer.from(extras, 'hex'),
    key: Buffer.from(key),
    value: Buffer.from(value),
  })
  frame[0] = 0x81
  frame.writeUInt16BE(status, 6)
  frame.writeBigUInt64BE(cas, 16)
  return frame
}

function read(data: Buffer): Reply {
  const reply = new Reply()
  expect(binary.read(data, 0, reply)).toBe(0)
  expect(reply.end).toBe(data.length)
  return reply
}

const store = { value: Buffer.from('abc'), flags: 0, exptime: 0, cas: undefined }
const get: Command = { verb: 'get', key: 'k', withCas: false, exptime: undefined }

/** Header of a request with token 7: opcode, key length, extras length, body length, CAS. */
const header = (
  opcode: string,
  key: string,
  extras: string,
  body: string,
  cas = '0000000000000000',
): string => `80${opcode}${key}${extras}000000${body}00000007${cas}`

describe('binary commands on the wire', () => {
  it.each<[string, Command]>([
    [`${header('00', '0001', '00', '00000001')}6b`, get],
    [`${header('1d', '0001', '04', '00000005')}0000003c6b`, { ...get, exptime: 60 }],
    [
      `${header('01', '0001', '08', '0000000c')}00000000000000006b616263`,
      { ...store, verb: 'set', key: 'k' },
    ],
    [
      `${header('01', '0001', '08', '0000000c', 'ffffffffffffffff')}ffffffff7fffffff6b616263`,
      { ...store, verb: 'set', key: 'k', flags: 0xffff_ffff, exptime: 2 ** 31 - 1, cas: 2n ** 64n - 1n },
    ],
    [
      `${header('02', '0001', '08', '0000000c')}00000000000000006b616263`,
      { ...store, verb: 'add', key: 'k' },
    ],
    [
      `${header('03', '0001', '08', '0000000c')}00000000000000006b616263`,
      { ...store, verb: 'replace', key: 'k' },
    ],
    [`${header('0e', '0001', '00', '00000004')}6b616263`, { ...store, verb: 'append', key: 'k' }],
    [`${header('0f', '0002', '00', '00000005')}c3b1616263`, { ...store, verb: 'prepend', key: 'ñ' }],
    [`${header('04', '0001', '00', '00000001')}6b`, { verb: 'delete', key: 'k' }],
    [
      `${header('05', '0001', '14', '00000015')}00000000000000010000000000000000ffffffff6b`,
      { verb: 'increment', key: 'k', delta: 1n },
    ],
    [
      `${header('06', '0001', '14', '00000015')}ffffffffffffffff0000000000000000ffffffff6b`,
      { verb: 'decrement', key: 'k', delta: 2n ** 64n - 1n },
    ],
    [`${header('1c', '0001', '04', '00000005')}0000003c6b`, { verb: 'touch', key: 'k', exptime: 60 }],
    [`${header('08', '0000', '04', '00000004')}00000003`, { verb: 'flush', delay: 3 }],
    [header('10', '0000', '00', '00000000'), { verb: 'stats', group: '' }],
    [`${header('10', '0005', '00', '00000005')}6974656d73`, { verb: 'stats', group: 'items' }],
    [header('0b', '0000', '00', '00000000'), { verb: 'version' }],
  ])('%s', (wire, command) => {
    expect(written(command)).toBe(wire)
  })
})

describe('responses of the binary protocol', () => {
  it.each([
    [
      'a hit',
      response(0x00, { extras: '00000005', value: 'abc', cas: 2n ** 64n - 1n }),
      { status: 'value', flags: 5, cas: 2n ** 64n - 1n, value: Buffer.from('abc') },
    ],
    ['an empty hit', response(0x00, { extras: '00000000' }), { status: 'value', value: Buffer.alloc(0) }],
    ['a touched hit', response(0x1d, { extras: '00000001', value: 'x' }), { status: 'value', flags: 1 }],
    ['a miss', response(0x00, { status: 1, value: 'Not found' }), { status: 'not-found' }],
    ['stored', response(0x01, { cas: 5n }), { status: 'done', value: undefined }],
    ['exists', response(0x01, { status: 2 }), { status: 'exists' }],
    ['not stored', response(0x0e, { status: 5 }), { status: 'not-stored' }],
    ['too large', response(0x01, { status: 3 }), { status: 'too-large' }],
    [
      'a count',
      response(0x05, { value: Buffer.from('ffffffffffffffff', 'hex') }),
      { status: 'value', value: Buffer.from('18446744073709551615') },
    ],
    [
      'no number',
      response(0x05, { status: 6, value: 'Non-numeric' }),
      { status: 'error', message: 'Non-numeric' },
    ],
    ['a statistic', response(0x10, { key: 'pid', value: '12' }), { status: 'stat', message: 'pid 12' }],
    ['the last statistic', response(0x10), { status: 'end' }],
    ['a version', response(0x0b, { value: '1.6.18' }), { status: 'version', message: '1.6.18' }],
    [
      'no rights',
      response(0x00, { status: 0x20, value: 'Auth failure.' }),
      { status: 'error', message: AUTH_ERROR },
    ],
    [
      'unknown',
      response(0x00, { status: 0x81, value: 'Unknown command' }),
      { status: 'error', message: 'Unknown command' },
    ],
  ])('%s', (_, data, reply) => {
    expect(read(data)).toMatchObject({ opaque: 7, ...reply })
  })

  it('are refused when they contradict themselves, or hold more than memcached can', () => {
    const contradiction = response(0x00, { extras: '00000000' })
    contradiction.writeUInt16BE(0xffff, 2)
    const count = response(0x05, { value: 'x' })
    const huge = response(0x00)
    huge.writeUInt32BE(0xffff_ffff, 8)
    const wrongMagic = response(0x00)
    wrongMagic[0] = 0x80
    for (const data of [contradiction, count, huge, wrongMagic, Buffer.from('VERSION 1\r\n')])
      expect(() => binary.read(data, 0, new Reply())).toThrow(PROTOCOL)
  })

  it('belong to the request with their token, if that can be answered so', () => {
    const hit = read(response(0x00, { extras: '00000000' }))
    expect(binary.belongs(hit, get, 7)).toBe(true)
    expect(binary.belongs(hit, get, 8)).toBe(false)
    expect(binary.belongs(hit, { verb: 'delete', key: 'k' }, 7)).toBe(false)
    expect(binary.belongs(read(response(0x00, { status: 0x20 })), get, 7)).toBe(true)
  })
})
