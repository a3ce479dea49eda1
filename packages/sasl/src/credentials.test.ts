import { inspect } from 'node:util'
import { Secret } from '@memkeep/core'
import { describe, expect, it } from 'vitest'
import { asciiAuth } from './ascii-auth.ts'
import { sasl } from './sasl.ts'

const invalid = expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_CREDENTIALS' }) as Error

describe.each([
  ['sasl', sasl],
  ['asciiAuth', asciiAuth],
])('%s', (_, factory) => {
  it('takes a password as text or as a Secret', () => {
    expect(() => factory({ username: 'user', password: 'pass word' })).not.toThrow()
    expect(() => factory({ username: 'user', password: new Secret('pass:word') })).not.toThrow()
  })

  it.each([
    [{ username: '', password: 'x' }],
    [{ username: 'x', password: '' }],
    [{ username: 'x\0y', password: 'x' }],
    [{ username: 'x', password: 'x\0y' }],
    [{ username: 'x', password: '\ud800' }],
  ])('refuses what cannot be said: %j', (credentials) => {
    expect(() => factory(credentials)).toThrow(invalid)
  })

  it('refuses wrong types and unknown options by name', () => {
    const broken = [
      { username: 7, password: 'x' },
      { username: 'x', password: undefined },
      { username: 'x', password: 'x', allowInsecureAuth: 'no' },
      { username: 'x', password: 'x', pasword: 'x' },
    ]
    for (const options of broken) expect(() => factory(options as never)).toThrow(TypeError)
  })

  it('prints no password', () => {
    const auth = factory({ username: 'user', password: 'hunter2' })
    expect(inspect(auth, { showHidden: true, depth: null }) + JSON.stringify(auth)).not.toContain('hunter2')
  })
})

describe('asciiAuth', () => {
  it.each([
    { username: 'a b', password: 'x' },
    { username: 'a:b', password: 'x' },
    { username: 'a', password: 'x\r\ny' },
    { username: 'a', password: 'x'.repeat(254) },
  ])('refuses what the protocol cannot say: %j', (credentials) => {
    expect(() => asciiAuth(credentials)).toThrow(invalid)
  })
})
