import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MADE_UP } from './fixtures/report.ts'
import { renderTable } from './table.ts'

describe('renderTable', () => {
  const text = renderTable(MADE_UP, false)

  it('is plain without colours, and the same text with them', () => {
    expect(text).toBe(stripVTControlCharacters(text))
    const colored = renderTable(MADE_UP, true)
    expect(colored).not.toBe(text)
    expect(stripVTControlCharacters(colored).replaceAll(/ +$/gm, '')).toBe(text)
  })

  it('shows median, spread, ratios, latency, CPU and memory', () => {
    expect(text).toMatch(/^get, 100 B, 256 at once +requests\/s/m)
    expect(text).toMatch(/^Memkeep plain +654,321 +±0% +0\.73 +5\.30 +12 +345 +6\.8 +90$/m)
  })

  it('puts those with the same layers together, the fastest first', () => {
    const [, workload = ''] = text.split('get, 100 B, 256 at once')
    const names = [...workload.matchAll(/^(\w+ (?:plain|TLS)) /gm)].map(([, name]) => name)
    expect(names.slice(0, 7)).toEqual([
      'ceiling plain',
      'Memkeep plain',
      'peer plain',
      'wrong plain',
      'Memkeep TLS',
      'hanging TLS',
      'absent TLS',
    ])
  })

  it('says why someone has no rank', () => {
    expect(text).toMatch(/^wrong plain +wrong answers: a <get> lied$/m)
    expect(text).toMatch(/^hanging TLS +hangs: no reply for 5000 ms$/m)
    expect(text).toMatch(/^absent TLS +unavailable: not on this Node$/m)
    expect(text).toContain(
      'not ranked: hanging TLS hangs (no reply for 5000 ms): get, 10 kB, 1 at a time; get, 100 B',
    )
    expect(text).not.toContain('not ranked: absent TLS')
  })

  it('says where Memkeep is not ahead', () => {
    expect(text).toContain('ahead in 2 of 3 comparisons, behind in 1; in 0 the rounds overlap')
    expect(text).toContain('behind: Memkeep plain, get, 10 kB, 1 at a time: 0.49')
  })

  it('shows growth, and what was left out', () => {
    expect(text).toMatch(/^growth: connections +1 +2$/m)
    expect(text).toMatch(/^Memkeep plain +1,111 +unavailable$/m)
    expect(text).toMatch(/^left out +getMany of 100, 100 kB, 256 at once$/m)
  })

  it('fits a terminal of 120 columns', () => {
    for (const line of text.split('\n')) {
      if (!line.includes('not ranked')) expect(line.length).toBeLessThanOrEqual(120)
    }
  })
})
