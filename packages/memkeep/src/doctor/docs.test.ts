import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { faultRows, RULES, ruleRows } from '../../test/doctor/rules.ts'
import { EXIT } from '../cli/exit-code.ts'
import { parseBaseline } from './baseline-file.ts'
import { LATEST_RELEASE } from './checks/version.ts'
import { SEVERITIES } from './finding.ts'
import { judgeServer } from './grade.ts'
import { KNOWN_FAULTS } from './versions/known-faults.ts'
import { TABLE_DATE } from './versions/releases.ts'

const PAGE = await readFile(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8')

/** The rows of the table under a heading, without its head. */
function tableUnder(heading: string): readonly string[][] {
  const from = PAGE.indexOf(`\n${heading}\n`)
  const section = PAGE.slice(from + 1).split(/\n## /, 1)[0] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

describe('docs/doctor.md', () => {
  it('has every rule of the code, as it is', () => {
    expect(tableUnder('## Rules')).toEqual(ruleRows())
    expect(tableUnder('## Known faults by version')).toEqual(faultRows())
    expect(PAGE).toContain(`of ${TABLE_DATE}, up to memcached ${LATEST_RELEASE}`)
  })

  it('names each rule once, whatever it is about', () => {
    const ids = [...RULES, ...KNOWN_FAULTS].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9.]+(-[a-z0-9.]+)*$/)
  })

  it('states the grades by which servers are judged', () => {
    const grades = tableUnder('## Grades')
    for (const severity of SEVERITIES) {
      const { grade } =
        judgeServer({
          reached: true,
          version: '1.6.45',
          findings: [{ severity }],
          unknownAreas: [],
        } as never) ?? {}
      expect(grades.find(([, worst = '']) => worst.startsWith(severity))?.[0]).toBe(grade)
    }
  })

  it('names every exit code', () => {
    expect(tableUnder('## Exit codes').map(([code]) => Number(code))).toEqual(Object.values(EXIT))
  })

  it('shows a baseline that is one', () => {
    const [, json = ''] = /^```json\n(.*?)^```$/ms.exec(PAGE) ?? []
    expect(parseBaseline(json)).toHaveLength(1)
  })
})
