import { describe, expect, it } from 'vitest'
import { newestOf, newVersion, parseVersion } from './namespace-version.ts'

const YEAR = 365 * 86_400_000

/** A version of that time. */
function versionAt(time: number): string {
  return `${time.toString(36).padStart(9, '0')}AAAAAAAA`
}

describe('a version of a namespace', () => {
  it('is newer than every one before it, whatever the clocks that made them', () => {
    for (const other of [undefined, versionAt(0), versionAt(Date.now()), versionAt(Date.now() + 3 * YEAR)]) {
      const version = newVersion(other)
      expect(newestOf([other, version])).toBe(version)
      expect(parseVersion(Buffer.from(version))).toBe(version)
    }
  })

  it('is never the same as another of the same moment', () => {
    const versions = Array.from({ length: 1_000 }, () => newVersion(undefined))
    expect(new Set(versions).size).toBe(1_000)
  })

  it('is read from nothing else', () => {
    const version = newVersion(undefined)
    for (const text of ['', 'x', `${version}x`, version.slice(1), version.toUpperCase(), `${version}\n`]) {
      expect(parseVersion(Buffer.from(text))).toBeUndefined()
    }
    // after the last time there could be no newer one
    expect(parseVersion(Buffer.from(versionAt(36 ** 9 - 1)))).toBeUndefined()
  })
})

describe('newestOf', () => {
  it('is the greatest, of those that there are', () => {
    const [one, two] = [versionAt(1), versionAt(2)]
    expect(newestOf([one, undefined, two, one])).toBe(two)
    expect(newestOf([undefined])).toBeUndefined()
    expect(newestOf([])).toBeUndefined()
  })
})
