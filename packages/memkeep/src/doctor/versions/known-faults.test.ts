import { describe, expect, it } from 'vitest'
import { KNOWN_FAULTS } from './known-faults.ts'
import { RELEASES, TABLE_DATE } from './releases.ts'
import { compareVersions, parseVersion } from './version.ts'

const version = (text: string): readonly [number, number, number] => parseVersion(text) ?? [0, 0, 0]

describe('KNOWN_FAULTS', () => {
  it('has a rule of its own for each fault', () => {
    const ids = KNOWN_FAULTS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  })

  it.each(KNOWN_FAULTS)(
    '$id names releases and sources that there are',
    ({ id, from, fixedIn, cves, commit }) => {
      expect(Object.keys(RELEASES)).toContain(fixedIn)
      if (from !== undefined) {
        expect(Object.keys(RELEASES)).toContain(from)
        expect(compareVersions(version(from), version(fixedIn))).toBeLessThan(0)
      }
      for (const cve of cves) expect(cve).toMatch(/^CVE-20\d\d-\d{4,7}$/)
      expect(commit).toMatch(/^[0-9a-f]{40}$/)
      if (id.startsWith('cve-')) expect(cves[0]?.toLowerCase()).toBe(id)
    },
  )

  it('is in the order in which faults were mended', () => {
    const order = KNOWN_FAULTS.map(({ fixedIn }) => version(fixedIn))
    expect([...order].sort(compareVersions)).toEqual(order)
  })
})

describe('RELEASES', () => {
  it('is in the order of versions, each with a day before that of the table', () => {
    const order = Object.keys(RELEASES).map(version)
    expect([...order].sort(compareVersions)).toEqual(order)
    for (const day of Object.values(RELEASES)) {
      expect(day).toMatch(/^20\d\d-\d\d-\d\d$/)
      expect(day <= TABLE_DATE).toBe(true)
    }
  })
})
