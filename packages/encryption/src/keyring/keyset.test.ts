import { inspect } from 'node:util'
import { MemkeepError } from '@memkeep/core'
import { expect, test } from 'vitest'
import { Keyring } from './keyring.ts'
import { parseKeyset } from './keyset.ts'
import { distributeKey, generateKeyset } from './rotation.ts'

const keyset = distributeKey(generateKeyset())
const [first, second] = keyset.keys
if (first === undefined || second === undefined) throw new Error('no keys')

test('is read as an object and as JSON, the primary key first', () => {
  for (const input of [keyset, JSON.stringify(keyset, null, 2), { ...keyset, keys: [second, first] }]) {
    const keyring = Keyring.fromKeyset(input)
    expect(keyring.ids).toEqual([first.id, second.id])
    expect(keyring.nameKeyId).toBe(first.id)
    expect(keyring.exportText()).toBe(`${first.key},${second.key}`)
  }
  const { primary, keys } = keyset
  expect(Keyring.fromKeyset({ primary, keys }).nameKeyId).toBeUndefined()
})

const secrets = [first.key, second.key].map((text) => text.slice(15, 30))

test.each([
  ['nothing', null, 'must be an object'],
  ['a list', [], 'must be an object'],
  ['broken JSON', JSON.stringify(keyset).slice(0, -9), 'no valid JSON'],
  ['no keys', { ...keyset, keys: undefined }, 'list of keys'],
  ['an empty list', { ...keyset, keys: [] }, '"primary"'],
  ['an unknown field', { ...keyset, [first.key]: 1 }, 'field 4 is none of'],
  ['an unknown field of a key', { ...keyset, keys: [{ ...first, secret: first.key }] }, 'field 6 is none of'],
  ['a primary that is not there', { ...keyset, primary: 'ffffffff' }, '"primary"'],
  ['a name key that is not there', { ...keyset, nameKey: 'ffffffff' }, '"nameKey"'],
  [
    'a label of another key',
    { ...keyset, keys: [{ ...first, id: second.id }, second] },
    `must be ${first.id}`,
  ],
  ['one key twice', { ...keyset, keys: [first, second, second] }, 'the same key'],
  ['a broken key', { ...keyset, keys: [{ ...first, key: first.key.slice(0, -2) }] }, 'Key 1 '],
  ['a key that is no text', { ...keyset, keys: [first, { ...second, key: 1 }] }, 'Key 2 of the keyset'],
  ['a key that is none', { ...keyset, keys: [first, first.key] }, 'Key 2 of the keyset must be an object'],
  ['a status that is none', { ...keyset, keys: [first, { ...second, status: 'old' }] }, '"status"'],
  ['two active keys', { ...keyset, keys: [first, { ...second, status: 'active' }] }, 'no other'],
  [
    'a primary that only opens',
    { ...keyset, keys: [{ ...first, status: 'decrypt-only' }, second] },
    'no other',
  ],
  ['a time that is none', { ...keyset, keys: [{ ...first, created: 'yesterday' }, second] }, '"created"'],
  [
    'a time without a zone',
    { ...keyset, keys: [{ ...first, since: '2026-01-01T00:00:00' }, second] },
    '"since"',
  ],
])('%s is refused, and no key repeated', (_, input, reason) => {
  for (const read of [
    () => Keyring.fromKeyset(input as never),
    () => Keyring.fromKeyset(JSON.stringify(input)),
  ]) {
    let fault: unknown
    try {
      read()
    } catch (error) {
      fault = error
    }
    expect(fault).toBeInstanceOf(MemkeepError)
    expect(fault).toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEYRING' })
    for (const secret of secrets) expect(inspect(fault)).not.toContain(secret)
    if (typeof input !== 'string') expect((fault as MemkeepError).message).toContain(reason)
  }
})

test('what is inherited is no part of it', () => {
  const keys = Object.create({ primary: first.id, keys: [first] }) as object
  expect(() => parseKeyset(keys)).toThrow('list of keys')
  expect(() => parseKeyset('{"__proto__": {"primary": "x"}, "primary": "x", "keys": []}')).toThrow('field 1')
})
