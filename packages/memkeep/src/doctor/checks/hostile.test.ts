import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { tcp } from '@memkeep/core'
import { Keyring } from '@memkeep/encryption'
import { asciiAuth } from '@memkeep/sasl'
import { startFaultServer } from '@memkeep/testkit'
import { describe, expect, test } from 'vitest'
import { runChecks } from '../../../test/doctor/run-checks.ts'
import { checkAuthentication } from './authentication/index.ts'
import { checkData } from './data/index.ts'
import { checkDisclosure } from './disclosure/index.ts'

const CHECKS = [checkAuthentication, checkDisclosure, checkData]
const OPTIONS = { transport: tcp(), keyring: Keyring.generate(), active: true }

type Play = (socket: Socket, asked: Buffer) => unknown

/** Tells its version, by which it is taken for memcached, and answers everything else as the test says. */
function afterVersion(play: Play): Play {
  return (socket, asked) =>
    asked.toString('latin1') === 'version\r\n' ? socket.write('VERSION 1.6.18\r\n') : play(socket, asked)
}

/** A binary answer whose parts the test makes up. */
function frame(opcode: number, status: number, { keyLength = 0, extras = 0, length = 0, body = '' }): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt8(0x81, 0)
  header.writeUInt8(opcode, 1)
  header.writeUInt16BE(keyLength, 2)
  header.writeUInt8(extras, 4)
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(length, 8)
  return Buffer.concat([header, Buffer.from(body)])
}

/** Speaks the binary protocol alone, and tells its version there. */
function afterBinaryVersion(play: Play): Play {
  return (socket, asked) => {
    if (asked[0] !== 0x80) return socket.destroy()
    return asked[1] === 0x0b
      ? socket.write(frame(0x0b, 0, { length: 6, body: '1.6.18' }))
      : play(socket, asked)
  }
}

const GARBAGE: readonly (readonly [string, Play])[] = [
  [
    'random bytes',
    afterVersion((socket) => socket.write(Buffer.concat([randomBytes(300), Buffer.from('\r\n')]))),
  ],
  ['what it was asked', afterVersion((socket, asked) => socket.write(asked))],
  ['by closing', afterVersion((socket) => socket.destroy())],
  ['by more than anyone would read', afterVersion((socket) => socket.write(Buffer.alloc(5_000_000, 'x')))],
  ['one endless line', afterVersion((socket) => socket.write(Buffer.alloc(100_000, 'VERSION ')))],
  ['terminal escapes', afterVersion((socket) => socket.write('\x1b[2J\x1b]0;owned\x07\r\n'))],
  ['errors', afterVersion((socket) => socket.write('SERVER_ERROR no\r\n'))],
  ['binary frames of its own', afterBinaryVersion((socket) => socket.write(frame(0x55, 0, {})))],
  [
    'frames that lie',
    afterBinaryVersion((socket, asked) =>
      socket.write(frame(asked[1] ?? 0, 0, { keyLength: 9_999, extras: 200 })),
    ),
  ],
  [
    'frames without end',
    afterBinaryVersion((socket, asked) =>
      socket.write(frame(asked[1] ?? 0, 0, { length: 0xffffffff, body: 'x' })),
    ),
  ],
  [
    'frames with a status of its own',
    afterBinaryVersion((socket, asked) => socket.write(frame(asked[1] ?? 0, 0x7777, {}))),
  ],
]

describe.concurrent('a server that answers everything with', () => {
  test.each(GARBAGE)('%s has no findings, and is an unknown', async (_, play) => {
    await using server = await startFaultServer((socket) => socket.on('data', (asked) => play(socket, asked)))
    const outcome = await runChecks(server.address, CHECKS, OPTIONS)
    expect(outcome.findings).toEqual([])
    expect(outcome.unknowns).toEqual(
      expect.arrayContaining([
        expect.stringContaining('Whether strangers may run commands'),
        expect.stringContaining('What strangers are told and may do'),
        expect.stringContaining('Whether stored values are encrypted'),
        expect.stringContaining('Whether the keyring fits'),
      ]),
    )
    expect(JSON.stringify(outcome)).toMatch(/^[\x20-\x7e…]*$/)
  })
})

describe.concurrent('a server that lies in one place', () => {
  /** Plays an open memcached, in all but what the test says. */
  function playing(lies: Readonly<Record<string, string | Buffer>>): Play {
    const answers: Readonly<Record<string, string | Buffer>> = {
      'version\r\n': 'VERSION 1.6.18\r\n',
      'stats\r\n': 'STAT pid 1\r\nEND\r\n',
      'stats settings\r\n':
        'STAT inter 127.0.0.1\r\nSTAT flush_enabled no\r\nSTAT shutdown_command no\r\nEND\r\n',
      'mn\r\n': 'MN\r\n',
      'lru_crawler metadump hash\r\n': 'key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=61\nEND\r\n',
      'mg a v u\r\n': 'VA 1\r\n7\r\n',
      ...lies,
    }
    return (socket, asked) => socket.write(answers[asked.toString('latin1')] ?? 'ERROR\r\n')
  }

  test.each([
    ['the length of a value', { 'mg a v u\r\n': 'VA 9999999999\r\n7\r\n' }],
    [
      'a value that never ends',
      { 'mg a v u\r\n': Buffer.concat([Buffer.from('VA 9999999999\r\n'), Buffer.alloc(5_000_000)]) },
    ],
    [
      'the names of keys',
      { 'lru_crawler metadump hash\r\n': 'key=%zz%0d%0aflush_all exp=1 size=1\nkey=a size=9\nEND\r\n' },
    ],
    [
      'an endless list',
      { 'lru_crawler metadump hash\r\n': Buffer.alloc(5_000_000, 'key=a exp=-1 size=1\n') },
    ],
    [
      'its settings',
      {
        'stats settings\r\n': `STAT flush_enabled ${'yes'.repeat(10)}\r\nSTAT shutdown_command \x1b[2J\r\nEND\r\n`,
      },
    ],
  ])('%s: it costs what it lies about, and nothing else', async (_, lies) => {
    const play = playing(lies)
    await using server = await startFaultServer((socket) => socket.on('data', (asked) => play(socket, asked)))
    const { findings, facts } = await runChecks(server.address, CHECKS, { transport: tcp() })
    const ids = findings.map(({ id }) => id)
    expect(ids).toContain('stats-open')
    expect(ids).not.toContain('flush-open')
    expect(ids).not.toContain('shutdown-open')
    expect(JSON.stringify([findings, facts])).toMatch(/^[\x20-\x7e…]*$/)
  })
})

test('a server that is told the password of a friend cannot have it printed', async () => {
  const password = 'correct-horse-battery'
  let told = ''
  await using server = await startFaultServer((socket) => {
    let friend = false
    socket.on('data', (asked) => {
      const text = asked.toString('latin1')
      if (text.startsWith('set ')) {
        told = text
        friend = true
        return socket.write('STORED\r\n')
      }
      // a stranger is asked for a password, and shown the one of the friend beside it
      if (text === 'version\r\n')
        return socket.write(friend ? 'VERSION 1\r\n' : 'CLIENT_ERROR unauthenticated\r\n')
      return socket.write(`CLIENT_ERROR ${told.replace(/\s+/g, ' ')}\r\n`)
    })
  })
  const auth = asciiAuth({ username: 'shop', password })
  const outcome = await runChecks(server.address, CHECKS, { transport: tcp(), auth, active: true })
  expect(told).toContain(password)
  expect(JSON.stringify(outcome)).not.toContain(password)
})
