import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classicQuestion, metaQuestion, type ValueQuestion } from './stored-value.ts'

const VALUE = 'a\r\nEN\r\nEND\r\nb'

/** What is read when the answer comes byte by byte, and after how many bytes. */
function feed(
  question: ValueQuestion | undefined,
  answer: string,
): { at: number; value: string | undefined } {
  if (question === undefined) throw new Error('there is no question')
  const whole = Buffer.from(answer)
  for (let at = 1; at <= whole.length; at++) {
    const received = whole.subarray(0, at)
    if (question.isWhole(received)) return { at, value: question.read(received)?.toString() }
  }
  return { at: Infinity, value: undefined }
}

describe.each([
  ['metaQuestion', metaQuestion, `VA ${String(VALUE.length)} f0\r\n${VALUE}\r\n`, 'EN\r\n'],
  ['classicQuestion', classicQuestion, `VALUE a 0 ${String(VALUE.length)}\r\n${VALUE}\r\nEND\r\n`, 'END\r\n'],
] as const)('%s', (_, ask, hit, miss) => {
  test('reads a value that looks like answers, and waits for its last byte', () => {
    expect(feed(ask(Buffer.from('a')), hit)).toEqual({ at: hit.length, value: VALUE })
  })

  test.each([
    ['a miss', miss],
    ['an error', 'SERVER_ERROR out of memory\r\n'],
    ['a line that is none', '\n'],
  ])('reads nothing from %s', (__, answer) => {
    expect(feed(ask(Buffer.from('a')), answer)).toEqual({ at: answer.length, value: undefined })
  })

  test('reads nothing where the length lies', () => {
    const received = Buffer.from(hit.replace(String(VALUE.length), '3'))
    expect(ask(Buffer.from('a'))?.read(received)).toBeUndefined()
  })

  test('never throws', () => {
    const question = ask(Buffer.from('a'))
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('', 'VA ', 'VALUE a 0 '),
        (bytes, start) => {
          const received = Buffer.concat([Buffer.from(start), Buffer.from(bytes)])
          question?.isWhole(received)
          question?.read(received)
        },
      ),
    )
  })
})

describe('names of keys', () => {
  test('can never begin a second command', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const question of [metaQuestion(Buffer.from(bytes)), classicQuestion(Buffer.from(bytes))]) {
          if (question === undefined) continue
          const line = question.sent.toString('latin1')
          expect(line).toMatch(/^(?:mg [^\0-\x20\x7f]+ (?:b )?v u|get [^\0-\x20\x7f]+)\r\n$/)
        }
      }),
    )
  })

  test('go as they are where they may, else in base64', () => {
    expect(metaQuestion(Buffer.from('a'))?.sent.toString()).toBe('mg a v u\r\n')
    expect(metaQuestion(Buffer.from('a\r\nflush_all'))?.sent.toString()).toBe('mg YQ0KZmx1c2hfYWxs b v u\r\n')
    expect(classicQuestion(Buffer.from('a\r\nflush_all'))).toBeUndefined()
  })

  test('that are empty or too long are not asked for', () => {
    for (const key of ['', 'a'.repeat(251), '\n'.repeat(200)]) {
      expect(metaQuestion(Buffer.from(key))).toBeUndefined()
      expect(classicQuestion(Buffer.from(key))).toBeUndefined()
    }
  })
})
