import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aboutDuration, parseDuration, writeDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each([
    '',
    '1',
    'h',
    '1 h',
    '-1h',
    '+1h',
    '1.5h',
    '1H',
    '1h30m',
    '1e3s',
    '١h',
    '1h\n',
    `${'9'.repeat(10)}s`,
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(RangeError)
  })

  it('reads what writeDuration writes', () => {
    expect(['0s', '90s', '15m', '24h', '1d', '7d'].map((text) => writeDuration(parseDuration(text)))).toEqual(
      ['0s', '90s', '15m', '1d', '1d', '1w'],
    )
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (seconds) => {
        expect(parseDuration(writeDuration(seconds * 1000))).toBe(seconds * 1000)
      }),
    )
  })
})

it.each([
  [0, '1 second'],
  [1, '1 second'],
  [1001, '2 seconds'],
  [119_999, '120 seconds'],
  [120_000, '2 minutes'],
  [120_001, '3 minutes'],
  [3_600_000, '60 minutes'],
  [7_200_000, '2 hours'],
  [86_400_000 * 13, '13 days'],
  [86_400_000 * 14, '2 weeks'],
])('aboutDuration(%d) is %s, and never too short', (milliseconds, text) => {
  expect(aboutDuration(milliseconds)).toBe(text)
})
