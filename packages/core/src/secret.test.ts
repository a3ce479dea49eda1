import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Secret } from './secret.ts'

describe('Secret', () => {
  it('gives its value to those who ask by name', () => {
    expect(new Secret('hunter2').reveal()).toBe('hunter2')
  })

  it('never prints it', () => {
    const secret = new Secret('hunter2')
    const printed = [
      String(secret),
      `${secret.toString()}!`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }, { showHidden: true, depth: null }),
      format('%s %o %O %j', secret, secret, secret, secret),
      JSON.stringify(Object.entries(secret)),
    ].join('\n')
    expect(printed).not.toContain('hunter2')
    expect(printed).toContain('[secret]')
  })
})
