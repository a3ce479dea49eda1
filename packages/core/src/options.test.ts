import { afterEach, describe, expect, test } from 'vitest'
import { ownProperties, readOwnOptions } from './options.ts'

interface Options {
  readonly safe?: boolean
  readonly allowAll?: boolean
}
const KNOWN = ['safe', 'allowAll']

afterEach(() => {
  Reflect.deleteProperty(Object.prototype, 'allowAll')
})

describe('options', () => {
  test('are the own properties alone, whatever a prototype has', () => {
    Object.assign(Object.prototype, { allowAll: true })
    for (const options of [{}, { safe: true }, Object.create({ allowAll: true }) as Options]) {
      const { allowAll } = readOwnOptions<Options>('factory', options, KNOWN)
      expect(allowAll).toBeUndefined()
      expect(ownProperties<Options>('factory', options).allowAll).toBeUndefined()
    }
    expect(readOwnOptions<Options>('factory', { allowAll: false }, KNOWN).allowAll).toBe(false)
  })

  test('are read once, and copied', () => {
    let reads = 0
    const given = {
      get safe() {
        return reads++ === 0
      },
    }
    const options = readOwnOptions<Options>('factory', given, KNOWN)
    expect([options.safe, options.safe, reads]).toEqual([true, true, 1])
  })

  test.each([undefined, null, 'text', 7, [], true])('must be an object: %j', (given) => {
    expect(() => readOwnOptions('factory', given as never, KNOWN)).toThrow(TypeError)
    expect(() => ownProperties('factory', given as never)).toThrow(TypeError)
  })

  test('are refused by name where they are unknown', () => {
    expect(() => readOwnOptions('factory', { alowAll: true } as Options, KNOWN)).toThrow(
      'factory: unknown option "alowAll"; it knows safe, allowAll',
    )
  })
})
