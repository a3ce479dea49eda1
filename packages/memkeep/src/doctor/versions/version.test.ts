import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions, formatVersion, parseVersion, type Version } from './version.ts'

describe('parseVersion', () => {
  it.each([
    ['1.6.18', '1.6.18'],
    ['1.4.33', '1.4.33'],
    ['1.6.45_2_g0123abc', '1.6.45'],
    ['1.6.0-beta1', '1.6.0'],
  ])('reads %s', (text, version) => {
    expect(formatVersion(parseVersion(text) ?? [0, 0, 0])).toBe(version)
  })

  it.each(['', '1.6', 'mcrouter 37.0', '1.6.18.1', 'v1.6.18', ' 1.6.18', '99999.1.1', '1..1'])(
    'does not take %j for a version of memcached',
    (text) => {
      expect(parseVersion(text)).toBeUndefined()
    },
  )

  it('reads what is written, and never throws', () => {
    const part = fc.nat({ max: 9_999 })
    fc.assert(
      fc.property(part, part, part, (...parts) => {
        expect(parseVersion(parts.join('.'))).toEqual(parts)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => void parseVersion(text)))
  })
})

describe('compareVersions', () => {
  it('counts numbers, and does not compare text', () => {
    const order = ['1.4.39', '1.5.0', '1.6.2', '1.6.9', '1.6.10', '2.0.0'].map(
      (text): Version => parseVersion(text) ?? [0, 0, 0],
    )
    expect([...order].reverse().sort(compareVersions)).toEqual(order)
    expect(compareVersions([1, 6, 2], [1, 6, 2])).toBe(0)
  })
})
