import { assertKey } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyName, namespaceName } from './names.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udfff', ' ', ':', 'a', '\n'), maxLength: 6 }),
  fc.constantFrom('sha256-', 'sha256-abc', 'a'.repeat(180), 'a'.repeat(181)),
)
const place = fc.option(
  fc.record({ namespace: text, version: fc.constantFrom('AAAAAAAAAAAA', 'BBBBBBBBBBBB') }),
)

type Place = { readonly namespace: string; readonly version: string } | null

function nameOf(key: string, at: Place): string {
  return keyName(key, at === null ? undefined : { name: namespaceName(at.namespace), version: at.version })
}

describe('the name of a key', () => {
  it('is one that memcached takes, with room for a namespace of the client', () => {
    fc.assert(
      fc.property(text, place, (key, at) => {
        const name = nameOf(key, at)
        assertKey(name)
        expect(name.length).toBeLessThanOrEqual(180)
      }),
    )
  })

  it('belongs to no other key of the same namespace', () => {
    fc.assert(
      fc.property(text, text, place, (one, other, at) => {
        expect(nameOf(one, at) === nameOf(other, at)).toBe(one === other)
      }),
    )
  })

  it('belongs to no key of another namespace or version', () => {
    fc.assert(
      fc.property(text, text, fc.tuple(place, place), (one, other, [here, there]) => {
        fc.pre(here !== null && there !== null && JSON.stringify(here) !== JSON.stringify(there))
        expect(nameOf(one, here)).not.toBe(nameOf(other, there))
      }),
    )
  })

  it('is the key as it was written where that is possible', () => {
    expect(keyName('user:1')).toBe('user:1')
    expect(keyName('user:1', { name: namespaceName('n'), version: 'AAAAAAAAAAAA' })).toBe(
      'n:AAAAAAAAAAAA:user:1',
    )
    expect(keyName('a digest of a name')).toBe(keyName('a digest of a name'))
    expect(keyName(keyName('a b'))).not.toBe(keyName('a b'))
  })
})
