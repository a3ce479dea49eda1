import { describe, expect, it } from 'vitest'
import { MEMKEEP_ERROR_CODES, MemkeepError } from './errors.ts'

describe('MemkeepError', () => {
  it('carries code, message, cause and a name that survives minifying', () => {
    const cause = new Error('below')
    const error = new MemkeepError('ERR_MEMKEEP_CLOSED', 'said', { cause })
    expect(error).toMatchObject({ name: 'MemkeepError', code: 'ERR_MEMKEEP_CLOSED', message: 'said', cause })
    expect(error).toBeInstanceOf(Error)
  })

  it('is recognised between two copies of the package, and nothing else is', () => {
    const other = Object.defineProperty(new Error('x'), Symbol.for('memkeep.error'), { value: true })
    expect(other).toBeInstanceOf(MemkeepError)
    for (const value of [new Error('x'), null, undefined, 'x', {}])
      expect(value instanceof MemkeepError).toBe(false)
  })

  it('has no code twice', () => {
    expect(new Set(MEMKEEP_ERROR_CODES).size).toBe(MEMKEEP_ERROR_CODES.length)
  })
})
