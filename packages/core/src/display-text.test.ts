import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayBytes, displayJson, displayLines, displayText } from './display-text.ts'
import { MemkeepError } from './errors.ts'

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

describe('displayText', () => {
  it.each([
    ['plain words, Müller, 日本', 'plain words, Müller, 日本'],
    ['\x1b[31mred', '\\u{1b}[31mred'],
    ['\x9b31mred', '\\u{9b}31mred'],
    ['a\u202eb\u2066c', 'a\\u{202e}b\\u{2066}c'],
    ['zero\u200bwidth\ufeff\u00ad', 'zero\\u{200b}width\\u{feff}\\u{ad}'],
    ['a\r\nb\u2028c\x7f', 'a\\u{d}\\u{a}b\\u{2028}c\\u{7f}'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['half\ud800', 'half\\u{d800}'],
  ])('shows %j as %j', (text, shown) => {
    expect(displayText(text)).toBe(shown)
  })

  it('leaves nothing unsafe in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(displayText(text)).not.toMatch(UNSAFE)
      }),
    )
  })
})

describe('displayLines', () => {
  it('keeps line feeds and colours, and nothing else', () => {
    expect(displayLines('\x1b[1;31mred\x1b[0m\n\x1b[2J\x9b2J\r')).toBe(
      '\x1b[1;31mred\x1b[0m\n\\u{1b}[2J\\u{9b}2J\\u{d}',
    )
  })
})

describe('displayJson', () => {
  it('is safe, and parses to the same value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = displayJson({ text })
        expect(json).not.toMatch(UNSAFE)
        expect(JSON.parse(json)).toEqual({ text })
      }),
    )
  })

  it('keeps the line ends of its indentation', () => {
    expect(displayJson({ a: '\x9b' }, 2)).toBe('{\n  "a": "\\u009b"\n}')
  })
})

describe('displayBytes', () => {
  it('shows printable ASCII and escapes, cut to a length', () => {
    expect(displayBytes(Buffer.from('a\r\n\x1b\xff\\', 'latin1'))).toBe('a\\r\\n\\x1b\\xff\\\\')
    expect(displayBytes(Buffer.from('abcdef'), 3)).toBe('abc…')
  })
})

describe('MemkeepError', () => {
  it('has no unsafe character in its message', () => {
    const { message, stack } = new MemkeepError('ERR_MEMKEEP_PROTOCOL', 'said "\x9b2J\u202e"')
    expect(message).toBe('said "\\u{9b}2J\\u{202e}"')
    expect(stack).not.toMatch(/[\x9b\u202e]/)
  })
})
