import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { expectedFindings } from './findings.ts'
import type { Report } from './report.ts'
import { ROWS } from './rows.ts'
import { renderTable } from './table.ts'

function report(broken?: string): Report {
  const rows = ROWS.map((row) => {
    const expected = expectedFindings(row)
    const kept = row.name !== broken
    const findings = kept ? expected : { ...expected, wire: { ...expected.wire, value: 'seen' as const } }
    return { row, expected, findings, kept, cost: { requestsPerSecond: 123_456, ratio: 0.5 } }
  })
  return { memcached: '1.6.18', node: 'v20.19.0', rows, kept: broken === undefined }
}

describe('renderTable', () => {
  it('has a line for every row, and fits a terminal of 120 columns', () => {
    const text = renderTable(report(), false)
    for (const { name } of ROWS) expect(text).toMatch(new RegExp(`^${name.replaceAll('+', '\\+')} +`, 'm'))
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  it('is plain without colours, and the same text with them', () => {
    const plain = renderTable(report(), false)
    expect(plain).toBe(stripVTControlCharacters(plain))
    const colored = renderTable(report(), true)
    expect(colored).not.toBe(plain)
    expect(stripVTControlCharacters(colored).replaceAll(/ +$/gm, '')).toBe(plain)
  })

  it('says of a broken promise what was found and what was expected', () => {
    const text = renderTable(report('TLS'), false)
    expect(text).toMatch(/^TLS .*BROKEN$/m)
    expect(text).toContain('Not every row kept what it promises')
    expect(text).toMatch(/TLS: found .*"value":"seen".*expected .*"value":"hidden"/)
  })
})
