import { describe, expect, it } from 'vitest'
import { expectedFindings } from './findings.ts'
import { ROWS } from './rows.ts'

describe('expectedFindings', () => {
  it('expects every attack to succeed somewhere and to fail somewhere, so that each can tell', () => {
    const words = ROWS.map((row) => {
      const { wire, stranger, insider } = expectedFindings(row)
      return [...Object.values(wire), ...Object.values(stranger), ...Object.values(insider)]
    })
    const columns = words[0]?.map((_, column) => new Set(words.map((row) => row[column]))) ?? []
    expect(columns).toHaveLength(8)
    for (const column of columns) expect(column.size).toBeGreaterThan(1)
  })

  it('promises all of it with everything on', () => {
    const everything = { tls: true, clientCertificate: true, sasl: true, encryption: true }
    expect(expectedFindings(everything)).toEqual({
      wire: { value: 'hidden', keyName: 'hidden', password: 'hidden' },
      stranger: { reads: 'refused', writes: 'refused' },
      insider: { reads: 'sealed', changes: 'noticed', swaps: 'noticed' },
    })
  })
})
