import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { ENVELOPE_ALGORITHMS, EnvelopeCipher, Keyring } from '@memkeep/encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindOf } from './value-kinds.ts'

const keyring = Keyring.generate()
const entry = { key: 'k', flags: 0, value: Buffer.from('{"password":"x"}') }
const KNOWN = ENVELOPE_ALGORITHMS.filter((name) => name !== 'xchacha20-poly1305')

describe('envelopes', () => {
  test.each(KNOWN)('of %s are known with the id of their key', (algorithm) => {
    const sealed = new EnvelopeCipher({ keyring, algorithm }).seal(entry)
    expect(kindOf(sealed)).toEqual({ kind: 'envelope', keyId: keyring.primaryId })
  })

  test('that are cut off or newer are told apart from plaintext', () => {
    const sealed = new EnvelopeCipher({ keyring }).seal(entry)
    expect(kindOf(sealed.subarray(0, 40))).toEqual({ kind: 'broken-envelope' })
    const newer = Buffer.from(sealed)
    newer[2] = 2
    expect(kindOf(newer)).toEqual({ kind: 'broken-envelope' })
  })
})

describe('plaintext', () => {
  const JWT = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP'
  test.each([
    ['-----BEGIN PRIVATE KEY-----\nMIIE', 'private-key'],
    ['{"tls":"-----BEGIN EC PRIVATE KEY-----\\nMHcC"}', 'private-key'],
    ['{"user":"alice","password":"correct horse"}', 'password'],
    ['{"user":"alice", "Passwd" : "correct horse"}', 'password'],
    ['a:1:{s:8:"password";s:5:"horse";}', 'password'],
    ['user=alice&password=horse', 'password'],
    ['{"hash":"$2b$12$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234"}', 'password'],
    ['{"client_secret":"abc"}', 'password'],
    [JWT, 'token'],
    [`{"a":"${JWT}"}`, 'token'],
    ['{"access_token":"abc","expires_in":3600}', 'token'],
    ['AKIAIOSFODNN7EXAMPLE', 'token'],
    ['{"number":"4111 1111 1111 1111"}', 'card'],
  ])('%s holds a %s', (text, secret) => {
    expect(kindOf(Buffer.from(text))).toEqual({ kind: 'secret', secret })
  })

  test.each([
    ['{"user":"alice","passwordChanged":true,"password":""}', 'json'],
    ['[1,2,3]', 'json'],
    ['"a string"', 'json'],
    ['{"cut":', 'text'],
    ['<html><input name="password"></html>', 'text'],
    ['Grüße aus Köln', 'text'],
    ['', 'text'],
    ['12', 'counter'],
    ['9   ', 'counter'],
    ['gAAAAABh' + 'x'.repeat(80), 'foreign'],
    ['eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn', 'foreign'],
    ['Salted__12345678', 'foreign'],
  ])('%s is %s', (text, kind) => {
    expect(kindOf(Buffer.from(text))).toEqual({ kind })
  })
})

describe('what is no text', () => {
  test.each([
    ['gzip', gzipSync('hello')],
    ['zlib', deflateSync(Buffer.from('hello'.repeat(50)))],
    ['Zstandard', Buffer.from('28b52ffd0458610000', 'hex')],
  ])('%s is compressed, which is not encrypted', (_, value) => {
    expect(kindOf(value)).toEqual({ kind: 'compressed' })
  })

  test('anything else is binary', () => {
    expect(kindOf(Buffer.concat([Buffer.from([0xff, 0]), randomBytes(64)]))).toEqual({ kind: 'binary' })
    expect(kindOf(brotliCompressSync('hello, hello'))).toEqual({ kind: 'binary' })
    expect(kindOf(Buffer.from('\x1b[2J'))).toEqual({ kind: 'binary' })
  })
})

test('any bytes are of some kind', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('', '{"', '\xc7\x4b\x01', 'eyJ'),
      (bytes, start) => {
        const value = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.from(bytes)])
        expect(kindOf(value).kind).toBeTypeOf('string')
      },
    ),
  )
})

test('a large value that is made to cost time costs little', () => {
  for (const unit of ['"password"', 'eyJ', '4111 ', 'a.', '$2b$', '-----BEGIN ', '{"', 'password=&']) {
    expect(kindOf(Buffer.from(unit.repeat(20_000))).kind).toBeTypeOf('string')
  }
})
