import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createConnection, type AddressInfo, type Socket } from 'node:net'
import { createServer, type SecureVersion } from 'node:tls'
import { createPki, startFaultServer } from '@memkeep/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeClientHello } from './client-hello.ts'
import { sayHello, type HelloAnswer } from './say-hello.ts'
import { parseServerAnswer } from './server-answer.ts'
import { isTls13Suite, SUITES, suiteName } from './suites.ts'
import { TLS_VERSIONS, versionName } from './versions.ts'

const BOUNDS = { connect: 2_000, quiet: 300, answer: 1_000, bytes: 65_536 }
const pki = await createPki()

async function hello(port: number, version: number, suites: readonly number[]): Promise<HelloAnswer> {
  const socket = createConnection(port, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  return await sayHello(Promise.resolve({ socket }), { version, suites, servername: 'localhost' }, BOUNDS)
}

/** A ServerHello as RFC 5246, section 7.4.1.3, has it, in records of so many bytes. */
function serverHello(
  version: number,
  suite: number,
  recordBytes = 16_384,
  extensions = Buffer.alloc(0),
): Buffer {
  const body = Buffer.concat([
    uint16(version),
    randomBytes(32),
    Buffer.from([0]),
    uint16(suite),
    Buffer.from([0]),
    ...(extensions.length === 0 ? [] : [uint16(extensions.length), extensions]),
  ])
  const message = Buffer.concat([Buffer.from([2, 0]), uint16(body.length), body])
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    const piece = message.subarray(at, at + recordBytes)
    records.push(Buffer.from([22, 3, 1]), uint16(piece.length), piece)
  }
  return Buffer.concat(records)
}

function uint16(number: number): Buffer {
  return Buffer.from([number >> 8, number & 0xff])
}

describe('what a ClientHello asks for', () => {
  const suites = [...SUITES.keys()]

  test.each([
    ['TLSv1', 0x0301],
    ['TLSv1.1', 0x0302],
    ['TLSv1.2', 0x0303],
    ['TLSv1.3', 0x0304],
  ] as const)('is taken by a server of %s alone, and by it alone', async (name, code) => {
    const only: SecureVersion = name
    const server = createServer({
      ...pki.server,
      minVersion: only,
      maxVersion: only,
      ciphers: 'ALL:@SECLEVEL=0',
    })
    const names: string[] = []
    server.on('tlsClientError', () => undefined)
    server.on('secureConnection', () => names.push('never'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const version of TLS_VERSIONS) {
      const answer = await hello(port, version.code, suites)
      if (version.code === code) {
        expect(answer).toMatchObject({ kind: 'hello', version: code })
        expect(answer.kind === 'hello' && isTls13Suite(answer.suite)).toBe(code === 0x0304)
      } else if (answer.kind === 'hello') {
        // a server takes an older version than the newest that it is asked for
        expect(answer.version).toBeLessThan(version.code)
      } else {
        expect(answer.kind).toBe('alert')
      }
    }
    expect(names).toEqual([])
    server.close()
    await once(server, 'close')
  })

  test('is one suite, if one is all that is offered', async () => {
    const server = createServer({ ...pki.server })
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await hello(port, 0x0303, [0xc02c])).toEqual({ kind: 'hello', version: 0x0303, suite: 0xc02c })
    expect(await hello(port, 0x0304, [0x1303])).toEqual({ kind: 'hello', version: 0x0304, suite: 0x1303 })
    // RC4 is in no OpenSSL of these days
    expect(await hello(port, 0x0303, [0x0005])).toEqual({ kind: 'alert', alert: 40 })
    server.close()
    await once(server, 'close')
  })

  test('says the name, unless SSL 3.0 has no place for it', () => {
    const asks = { suites: [0x1301], servername: 'cache.example' }
    expect(encodeClientHello({ version: 0x0304, ...asks }).includes('cache.example')).toBe(true)
    expect(encodeClientHello({ version: 0x0300, ...asks }).includes('cache.example')).toBe(false)
    expect(encodeClientHello({ version: 0x0304, suites: [0x1301] }).includes('cache.example')).toBe(false)
  })
})

describe("a server's answer", () => {
  test.each([
    [0x0300, 0x0003],
    [0x0301, 0x0005],
    [0x0302, 0x000a],
    [0x0303, 0xc02c],
  ])('is understood byte by byte: %i %i', (version, suite) => {
    for (const recordBytes of [1, 7, 16_384]) {
      const bytes = serverHello(version, suite, recordBytes)
      for (let length = 0; length < bytes.length; length++) {
        expect(parseServerAnswer(bytes.subarray(0, length))).toBeUndefined()
      }
      expect(parseServerAnswer(bytes)).toEqual({ kind: 'hello', version, suite })
    }
  })

  test('may have its version in an extension', () => {
    const extensions = Buffer.from([0, 51, 0, 2, 0, 23, 0, 43, 0, 2, 3, 4])
    expect(parseServerAnswer(serverHello(0x0303, 0x1301, 100, extensions))).toEqual({
      kind: 'hello',
      version: 0x0304,
      suite: 0x1301,
    })
  })

  test('may follow a warning', () => {
    const warning = Buffer.from([21, 3, 1, 0, 2, 1, 112])
    expect(parseServerAnswer(warning)).toBeUndefined()
    expect(parseServerAnswer(Buffer.concat([warning, serverHello(0x0303, 0xc02c)]))).toMatchObject({
      kind: 'hello',
    })
    expect(parseServerAnswer(Buffer.from([21, 3, 1, 0, 2, 2, 70]))).toEqual({ kind: 'alert', alert: 70 })
  })

  test.each([
    ['text', Buffer.from('ERROR\r\n')],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a record without end', Buffer.from([22, 3, 3, 0xff, 0xff, 2])],
    ['an empty record', Buffer.from([22, 3, 3, 0, 0])],
    ['application data first', Buffer.from([23, 3, 3, 0, 1, 0])],
    ['another version', Buffer.from([22, 9, 9, 0, 4])],
    ['another message', Buffer.from([22, 3, 3, 0, 4, 11, 0, 0, 0])],
    ['a hello without a body', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['a hello that is cut short', Buffer.from([22, 3, 3, 0, 6, 2, 0, 0, 2, 3, 3])],
    [
      'a session id that leads beyond the end',
      Buffer.concat([
        Buffer.from([22, 3, 3, 0, 39, 2, 0, 0, 35, 3, 3]),
        Buffer.alloc(32),
        Buffer.from([255]),
      ]),
    ],
    ['a message of megabytes', Buffer.from([22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff])],
  ])('that is none is foreign: %s', (_name, bytes) => {
    expect(parseServerAnswer(bytes)).toEqual({ kind: 'foreign' })
  })

  test('is read whatever comes, and never twice in different ways', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      // what begins right
      fc
        .uint8Array({ maxLength: 300 })
        .map((rest) => Uint8Array.from([22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3, ...rest])),
    )
    fc.assert(
      fc.property(bytes, fc.nat(), (some, at) => {
        const whole = parseServerAnswer(Buffer.from(some))
        const start = parseServerAnswer(Buffer.from(some.subarray(0, at % (some.length + 1))))
        if (start !== undefined) expect(whole).toEqual(start)
      }),
    )
  })

  test.each([
    ['closes', 'closed', (socket: Socket) => socket.end()],
    ['says nothing', 'quiet', () => undefined],
    ['resets', 'ECONNRESET', (socket: Socket) => socket.on('data', () => socket.resetAndDestroy())],
  ])('is none where it %s', async (_name, failure, misbehave) => {
    await using server = await startFaultServer(misbehave)
    expect(await hello(server.port, 0x0303, [0xc02c])).toEqual({ kind: 'none', failure })
  })
})

test('every suite has one number and one name', () => {
  expect(new Set(SUITES.values()).size).toBe(SUITES.size)
  expect(suiteName(0x1301)).toBe('TLS_AES_128_GCM_SHA256')
  expect(suiteName(0xcca9)).toBe('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256')
  expect(suiteName(0xfefe)).toBe('0xFEFE')
  expect(versionName(0x0303)).toBe('TLS 1.2')
})
