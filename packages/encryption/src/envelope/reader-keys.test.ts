import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AeadKey } from './ciphers/aead.ts'
import { aeadOf } from './ciphers/index.ts'
import { READER_KEYS_LIMIT, ReaderKeys } from './reader-keys.ts'

function newKey(): AeadKey {
  return aeadOf('aes-256-gcm').importKey(randomBytes(32))
}

/** The beginning of an envelope of a session of that name. */
function sealed(name: string): Buffer {
  const envelope = Buffer.alloc(33)
  envelope.write(name, 9)
  return envelope
}

test('keeps no more keys than its limit, and lets go of the one not used for longest', () => {
  const keys = new ReaderKeys(false, 3)
  for (const id of ['a', 'b', 'c']) keys.remember(sealed(id), newKey())
  keys.find(sealed('a'))
  keys.remember(sealed('d'), newKey())
  expect(keys.size).toBe(3)
  expect(keys.find(sealed('b'))).toBeUndefined()
  for (const id of ['a', 'c', 'd']) expect(keys.find(sealed(id))).toBeDefined()
  keys.remember(sealed('e'), newKey())
  expect(keys.find(sealed('a'))).toBeUndefined()
})

test('gives the key of the id that was asked for', () => {
  const keys = new ReaderKeys(false)
  const [a, b] = [newKey(), newKey()]
  keys.remember(sealed('a'), a)
  keys.remember(sealed('b'), b)
  for (const [id, key] of [
    ['b', b],
    ['b', b],
    ['a', a],
    ['b', b],
    ['c', undefined],
    ['b', b],
  ] as const) {
    expect(keys.find(sealed(id))).toBe(key)
  }
})

test('a key that is remembered again takes one place', () => {
  const keys = new ReaderKeys(false, 2)
  const key = newKey()
  keys.remember(sealed('a'), newKey())
  keys.remember(sealed('b'), newKey())
  keys.remember(sealed('a'), key)
  expect(keys.size).toBe(2)
  expect(keys.find(sealed('b'))).toBeDefined()
  expect(keys.find(sealed('a'))).toBe(key)
})

test('a limit of a thousand and some', () => {
  const keys = new ReaderKeys(false)
  const key = newKey()
  for (let index = 0; index < READER_KEYS_LIMIT + 100; index++) keys.remember(sealed(String(index)), key)
  expect(keys.size).toBe(1024)
})

test('one key opens every session where the salt is part of the nonce', () => {
  const keys = new ReaderKeys(true)
  const key = newKey()
  keys.remember(sealed('a'), key)
  expect(keys.find(sealed('b'))).toBe(key)
  const other = sealed('a')
  other[5] = 1
  expect(keys.find(other)).toBeUndefined()
})
