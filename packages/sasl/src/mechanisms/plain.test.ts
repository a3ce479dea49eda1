import { Secret } from '@memkeep/core'
import { describe, expect, it } from 'vitest'
import { plain } from './plain.ts'

describe('PLAIN', () => {
  it('says what RFC 4616 section 4 has in its example', () => {
    const mechanism = plain({ username: 'tim', password: new Secret('tanstaaftanstaaf') })
    expect(mechanism.name).toBe('PLAIN')
    expect(mechanism.start()).toEqual(Buffer.from('\0tim\0tanstaaftanstaaf'))
  })

  it('has nothing more to say', () => {
    const mechanism = plain({ username: 'tim', password: new Secret('x') })
    expect(() => mechanism.step(Buffer.from('more'))).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_AUTH_UNEXPECTED_STEP' }) as Error,
    )
  })
})
