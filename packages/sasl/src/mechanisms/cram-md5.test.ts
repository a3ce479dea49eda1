import { Secret } from '@memkeep/core'
import { describe, expect, it } from 'vitest'
import { cramMd5 } from './cram-md5.ts'
import { external } from './external.ts'

const code = (name: string): Error => expect.objectContaining({ code: `ERR_MEMKEEP_AUTH_${name}` }) as Error

describe('CRAM-MD5', () => {
  const start = () => cramMd5({ username: 'tim', password: new Secret('tanstaaftanstaaf') })

  it('answers the example of RFC 2195, section 2', async () => {
    const mechanism = start()
    expect(mechanism.start()).toHaveLength(0)
    expect(String(await mechanism.step(Buffer.from('<1896.697170952@postoffice.reston.mci.net>')))).toBe(
      'tim b913a602c7eda7a495b4e6e7334d3890',
    )
  })

  it('answers one challenge, which is one', async () => {
    const mechanism = start()
    expect(() => mechanism.step(Buffer.alloc(0))).toThrow(code('MALFORMED_CHALLENGE'))
    expect(() => mechanism.step(Buffer.alloc(2000))).toThrow(code('MALFORMED_CHALLENGE'))
    await mechanism.step(Buffer.from('<1@x>'))
    expect(() => mechanism.step(Buffer.from('<2@x>'))).toThrow(code('UNEXPECTED_STEP'))
  })
})

describe('EXTERNAL', () => {
  it('asks for the identity that the channel has, and has nothing more to say', () => {
    const mechanism = external()
    expect(mechanism.start()).toHaveLength(0)
    expect(() => mechanism.step(Buffer.from('more'))).toThrow(code('UNEXPECTED_STEP'))
  })
})
