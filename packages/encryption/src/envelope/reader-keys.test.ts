import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AeadKey } from './ciphers/aead.ts'
import { aeadOf } from './ciphers/index.ts'
import { READER_KEYS_LIMIT, ReaderKeys } from './reader-keys.ts'

function newKey(): AeadKey {
  return aeadOf('aes-256-gcm').importKey(randomBytes(32))
}

test('keeps no more keys than its limit, and lets go of the one not used for longest', () => {
  const keys = new ReaderKeys(3)
  for (const id of ['a', 'b', 'c']) keys.remember(id, newKey())
  keys.find('a')
  keys.remember('d', newKey())
  expect(keys.size).toBe(3)
  expect(keys.find('b')).toBeUndefined()
  for (const id of ['a', 'c', 'd']) expect(keys.find(id)).toBeDefined()
  keys.remember('e', newKey())
  expect(keys.find('a')).toBeUndefined()
})

test('gives the key of the id that was asked for', () => {
  const keys = new ReaderKeys()
  const [a, b] = [newKey(), newKey()]
  keys.remember('a', a)
  keys.remember('b', b)
  for (const [id, key] of [
    ['b', b],
    ['b', b],
    ['a', a],
    ['b', b],
    ['c', undefined],
    ['b', b],
  ] as const) {
    expect(keys.find(id)).toBe(key)
  }
})

test('a key that is remembered again takes one place', () => {
  const keys = new ReaderKeys(2)
  const key = newKey()
  keys.remember('a', newKey())
  keys.remember('b', newKey())
  keys.remember('a', key)
  expect(keys.size).toBe(2)
  expect(keys.find('b')).toBeDefined()
  expect(keys.find('a')).toBe(key)
})

test('a limit of a thousand and some', () => {
  const keys = new ReaderKeys()
  const key = newKey()
  for (let index = 0; index < READER_KEYS_LIMIT + 100; index++) keys.remember(String(index), key)
  expect(keys.size).toBe(1024)
})
