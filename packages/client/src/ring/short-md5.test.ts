import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { md5, md5Word } from './md5.ts'
import { ShortMd5 } from './short-md5.ts'

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 55 })

describe('the MD5 of a short text', () => {
  it.each([
    ['', 0xd98c1dd4],
    ['a', 0xb975c10c],
    ['abc', 0x98500190],
    ['message digest', 0x7d696bf9],
    ['abcdefghijklmnopqrstuvwxyz', 0xd7d3fcc3],
  ])("begins as in RFC 1321's test suite: %j", (text, word) => {
    expect(new ShortMd5().firstWord(text)).toBe(word)
  })

  it('begins as that of OpenSSL, whatever was hashed before', () => {
    const short = new ShortMd5()
    fc.assert(
      fc.property(ascii, (text) => {
        expect(short.firstWord(text)).toBe(md5Word(md5(text), 0))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is left to OpenSSL for what is longer or not ASCII', () => {
    const short = new ShortMd5()
    expect(short.firstWord('x'.repeat(55))).toBeGreaterThanOrEqual(0)
    expect(short.firstWord('x'.repeat(56))).toBe(-1)
    expect(short.firstWord('\x7f')).toBeGreaterThanOrEqual(0)
    expect(short.firstWord('\x80')).toBe(-1)
    expect(short.firstWord('key:ü')).toBe(-1)
  })
})
