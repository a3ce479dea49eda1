import { expect, test } from 'vitest'
import { Keyring, masterKeysOf } from '../keyring/keyring.ts'
import { EnvelopeCipher } from './cipher.ts'
import { aeadOf } from './ciphers/index.ts'
import { Sealer, SESSION_LIMIT } from './sealer.ts'

const keyring = Keyring.generate()
const [master] = masterKeysOf(keyring)
const options = { aead: aeadOf('aes-256-gcm'), context: Buffer.alloc(0) }
const entry = { key: 'k', value: Buffer.from('v'), flags: 0 }

test('a session ends at its limit, and no salt and counter come twice', () => {
  const sealer = new Sealer(master, { ...options, sessionLimit: 7 })
  const reader = new EnvelopeCipher({ keyring })
  const pairs = new Set<string>()
  const salts: string[] = []
  for (let count = 0; count < 50; count++) {
    const sealed = sealer.seal(entry)
    expect(reader.open({ ...entry, value: sealed })).toEqual(entry.value)
    expect(sealed.readBigUInt64BE(25)).toBe(BigInt(count % 7))
    pairs.add(sealed.toString('hex', 9, 33))
    salts.push(sealed.toString('hex', 9, 25))
  }
  expect(pairs.size).toBe(50)
  expect(new Set(salts).size).toBe(Math.ceil(50 / 7))
})

test('the limit is 2^32 values', () => {
  expect(SESSION_LIMIT).toBe(4_294_967_296)
})

test('a salt is drawn with the first value, not earlier', () => {
  const sealer = new Sealer(master, options)
  expect(sealer.session).toBeUndefined()
  sealer.seal(entry)
  expect(sealer.session).toBeDefined()
  sealer.newSession()
  expect(sealer.session).toBeUndefined()
})

test('two sealers never share a salt', () => {
  const salts = Array.from({ length: 200 }, () =>
    new Sealer(master, options).seal(entry).toString('hex', 9, 25),
  )
  expect(new Set(salts).size).toBe(200)
})

test('the counter of a value that could not be sealed is not given out again', () => {
  const sealer = new Sealer(master, options)
  sealer.seal(entry)
  expect(() => sealer.seal({ ...entry, key: '\ud800' })).toThrow(TypeError)
  expect(sealer.seal(entry).readBigUInt64BE(25)).toBe(2n)
})
